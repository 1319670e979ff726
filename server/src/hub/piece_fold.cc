#include "hub/piece_fold.h"

#include <algorithm>

#include "hub/publication_factory.h"

namespace tidewire {

bool fold_piece(Publication& fold, const Publication& piece) {
  if (fold.echo != piece.echo) return false;
  if (fold.head != piece.head && fold.sender().connection_id != piece.sender().connection_id)
    return false;
  if (fold.piece.append(piece.piece) == Fold::apart) return false;
  fold.frame = {};
  fold.ts = piece.ts;
  fold.priority = std::min(fold.priority, piece.priority);  // critical is the least
  return true;
}

PublicationPtr encode_piece(const Codec& json, std::shared_ptr<Publication> fold) {
  if (!fold->frame) encode(json, *fold, fold->piece.chunk_payload());
  return fold;
}

PublicationPtr encode_copy(const Codec& json, const Publication& fold) {
  return encode_piece(json, std::make_shared<Publication>(fold));
}

}  // namespace tidewire
