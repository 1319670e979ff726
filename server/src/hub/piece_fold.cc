#include "hub/piece_fold.h"

#include <algorithm>

#include "hub/publication_factory.h"

namespace tidewire {

bool fold_piece(Publication& fold, const Publication& piece) {
  if (fold.echo != piece.echo || fold.sender.connection_id != piece.sender.connection_id)
    return false;
  if (fold.piece.append(piece.piece) == Fold::apart) return false;
  fold.frame = {};
  fold.ts = piece.ts;
  fold.priority = std::min(fold.priority, piece.priority);  // critical is the least
  return true;
}

PublicationPtr encode_piece(const Codec& json, const Publication& fold) {
  const std::string payload = fold.piece.chunk_payload();
  auto made = make_publication(json,
                               {.channel = fold.channel,
                                .type = fold.type,
                                .payload = payload,
                                .trace = fold.trace,
                                .from = {.user_id = fold.sender.user_id,
                                         .connection_id = fold.sender.connection_id,
                                         .client = fold.sender.client},
                                .delivery = fold.delivery,
                                .priority = fold.priority,
                                .echo = fold.echo},
                               {.ts = fold.ts});
  made->piece = fold.piece;
  return made;
}

}  // namespace tidewire
