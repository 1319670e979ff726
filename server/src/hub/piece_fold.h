#pragma once

#include "history/channel_history.h"
#include "protocol/codec.h"

namespace tidewire {

/// Folds `piece` into `fold`, which came before it: the one way in which publications of a growing
/// message are folded (FoldedPiece::append). False, and nothing changed, when it does not continue
/// the fold, or is not for the same readers. A changed fold has no frame any more.
[[nodiscard]] bool fold_piece(Publication& fold, const Publication& piece);

/// A fold, which nobody folds into any more, as a publication that can be delivered: encoded,
/// unless it is.
[[nodiscard]] PublicationPtr encode_piece(const Codec& json, std::shared_ptr<Publication> fold);
/// The same of a copy.
[[nodiscard]] PublicationPtr encode_copy(const Codec& json, const Publication& fold);

}  // namespace tidewire
