#include "stream/folded_piece.h"

#include "protocol/replies.h"

namespace tidewire {
namespace {

std::vector<PartItem> items_of(const FoldedPiece& piece) {
  std::vector<PartItem> items;
  if (piece.parts.empty()) return items;
  items.reserve(piece.parts.size() + 1);
  for (const StreamPart& part : piece.parts)
    items.push_back({.id = part.id, .kind = part.kind, .name = part.name, .content = part.content});
  // The text is in `content`; among the parts a bare entry keeps its place.
  if (piece.text_place)
    items.insert(items.begin() + static_cast<std::ptrdiff_t>(*piece.text_place),
                 PartItem{.kind = "text"});
  return items;
}

}  // namespace

std::size_t FoldedPiece::find(std::string_view id, std::string_view kind) const {
  std::size_t place = 0;
  while (place < parts.size() && (parts[place].id != id || parts[place].kind != kind)) ++place;
  return place;
}

void FoldedPiece::add(std::string_view id, std::string_view kind, std::string_view name,
                      std::string_view text) {
  if (kind.empty()) {
    // An empty last piece ends a message and is no text of it.
    if (!text_place && !text.empty()) text_place = parts.size();
    content += text;
    return;
  }
  const std::size_t place = find(id, kind);
  if (place == parts.size())
    parts.push_back({std::string(id), std::string(kind), std::string(name), {}});
  parts[place].content += text;
  if (parts[place].name.empty()) parts[place].name = name;
}

Fold FoldedPiece::append(const FoldedPiece& next) {
  if (next.message_id != message_id) return Fold::apart;
  if (next.generation < generation) return Fold::known;
  const bool same = next.generation == generation;
  if (same && next.rev_to <= rev_to) return Fold::known;
  if (next.snapshot) {
    *this = next;
    return Fold::appended;
  }
  if (!same || next.rev_from != rev_to + 1) return Fold::apart;
  // Parts of `next` come first that stand before its text, so that appearance keeps its order.
  const std::size_t before = next.text_place.value_or(0);
  for (std::size_t i = 0; i <= next.parts.size(); ++i) {
    if (i == before) add({}, {}, {}, next.content);
    if (i == next.parts.size()) break;
    const StreamPart& part = next.parts[i];
    add(part.id, part.kind, part.name, part.content);
  }
  rev_to = next.rev_to;
  complete = next.complete;
  status = next.status;
  return Fold::appended;
}

std::size_t FoldedPiece::bytes() const {
  std::size_t sum = message_id.size() + status.size() + content.size();
  for (const StreamPart& part : parts)
    sum += sizeof part + part.id.size() + part.kind.size() + part.name.size() + part.content.size();
  return sum;
}

std::string FoldedPiece::chunk_payload() const {
  ChunkDelivery chunk{.message_id = message_id,
                      .content = content,
                      .is_complete = complete,
                      .rev = {rev_from, rev_to},
                      .snapshot = snapshot,
                      .status = status,
                      .generation = generation};
  // What the server ends early has a last piece that no producer numbered.
  if (rev_from == rev_to && !snapshot && status.empty()) chunk.index = rev_from;
  const std::vector<PartItem> items = items_of(*this);
  if (items.size() == 1 && !snapshot) {
    chunk.content = items.front().content;
    chunk.part = &items.front();
  } else {
    chunk.parts = items;
  }
  return tidewire::chunk_payload(chunk);
}

std::string FoldedPiece::message_payload(std::string_view role) const {
  return chat_message_payload({.content = content,
                               .role = role,
                               .message_id = message_id,
                               .status = status,
                               .generation = generation,
                               .parts = items_of(*this)});
}

}  // namespace tidewire
