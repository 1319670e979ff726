#include "hub/roll_up.h"

#include <optional>
#include <utility>

namespace tidewire {

void RollUp::take(std::span<Rendering> pending) {
  const MonoMillis now = context_.clock.mono_ms();
  for (Rendering& rendering : pending) {
    if (rendering.publication()->delivery != DeliveryClass::stream) {
      laid_out_.push_back(&rendering);
    } else if (mode_.kind != StreamMode::Kind::final) {
      take_piece(rendering, now);
    }
  }
  schedule();
}

void RollUp::take_piece(Rendering& piece, MonoMillis now) {
  const FoldedPiece& said = piece.publication()->piece;
  auto found = messages_.find(said.message_id);
  if (found == messages_.end()) found = messages_.try_emplace(said.message_id).first;
  if (mode_.kind == StreamMode::Kind::live) {
    take_live(piece, found->second, now);
  } else {
    take_whole(piece, found->second, now);
  }
  if (said.complete) messages_.erase(found);
}

void RollUp::take_live(Rendering& piece, Message& message, MonoMillis now) {
  const PublicationPtr& publication = piece.publication();
  const bool leaves = publication->piece.complete || now >= message.due_ms;
  if (message.first)
    message.fold = std::make_shared<Publication>(*std::exchange(message.first, {}));
  if (message.held_back && fold_piece(*message.fold, *publication)) {
    if (leaves) lay_out(message, now);
    return;
  }
  if (message.held_back) lay_out(message, now);
  if (leaves) {
    laid_out_.push_back(&piece);  // as it is: nothing to fold, nothing to encode
    message.due_ms = now + mode_.window_ms;
  } else {
    message.first = publication;
    message.held_back = true;
  }
}

void RollUp::take_whole(Rendering& piece, Message& message, MonoMillis now) {
  const Publication& publication = *piece.publication();
  if (message.fold) {
    // The whole goes on under the name of whoever goes on with it: a producer comes back over
    // another connection, and the text that is held back may not be overtaken.
    message.fold->head = publication.head;
    message.fold->echo = publication.echo;
  }
  if (!message.fold || !fold_piece(*message.fold, publication)) {
    if (publication.piece.rev_from != 1) {
      laid_out_.push_back(&piece);  // the beginning is not known here, but to the members
      return;
    }
    message.fold = std::make_shared<Publication>(publication);
  }
  message.fold->piece.snapshot = true;
  message.fold->frame = {};
  message.held_back = true;
  if (publication.piece.complete || now >= message.due_ms) lay_out(message, now);
}

void RollUp::lay_out(Message& message, MonoMillis now) {
  made_.emplace_back(take_held(message), context_.forms, now);
  laid_out_.push_back(&made_.back());
  message.held_back = false;
  message.due_ms = now + mode_.window_ms;
}

PublicationPtr RollUp::take_held(Message& message) {
  if (message.first) return std::exchange(message.first, {});
  if (mode_.kind == StreamMode::Kind::conflate) return encode_copy(context_.json, *message.fold);
  return encode_piece(context_.json, std::exchange(message.fold, {}));
}

void RollUp::take_due(MonoMillis now) {
  for (auto& [id, message] : messages_)
    if (message.held_back && message.due_ms <= now) lay_out(message, now);
  schedule();
}

void RollUp::take_all() {
  const MonoMillis now = context_.clock.mono_ms();
  for (auto& [id, message] : messages_)
    if (message.held_back) lay_out(message, now);
  schedule();
}

void RollUp::schedule() {
  std::optional<MonoMillis> due;
  for (const auto& [id, message] : messages_)
    if (message.held_back) due = due ? std::min(*due, message.due_ms) : message.due_ms;
  if (due) {
    context_.timers.schedule(timer_, *due);
  } else {
    timer_.cancel();
  }
}

void RollUp::clear() {
  laid_out_.clear();
  made_.clear();
}

void RollUp::seed(const Publication& whole) {
  if (mode_.kind != StreamMode::Kind::conflate) return;
  Message& message = messages_[whole.piece.message_id];
  if (message.fold && message.fold->piece.rev_to >= whole.piece.rev_to) return;
  message.fold = std::make_shared<Publication>(whole);
}

void RollUp::seed_from(const RollUp& other) {
  for (const auto& [id, message] : other.messages_)
    if (message.fold && message.fold->piece.snapshot) seed(*message.fold);
}

}  // namespace tidewire
