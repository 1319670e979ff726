#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire {

/// One typed part of a growing message beside its text: a tool call, reasoning, a source. Two
/// pieces are of one part when `id` and `kind` are the same; `name` is what the first of them said.
struct StreamPart {
  std::string id;
  std::string kind;
  std::string name;     // such as the tool's
  std::string content;  // what the pieces say
};

/// What became of a piece that was folded into another.
enum class Fold : std::uint8_t {
  appended,  // it is in now
  known,     // it was in already, or is of an older generation: nothing changed
  apart,     // pieces between are missing, or it is of another message: nothing changed
};

/// A range of pieces of one growing message as one piece (protocol.md, "Message streams"): what
/// travels to subscribers, what a slow reader's queue merges, and what late joiners get.
///
/// Owner:  whoever holds it; a value. Thread: any, one at a time.
/// Limit:  none of its own; MessageStream bounds the whole message.
struct FoldedPiece {
  std::string message_id;
  std::uint64_t generation = 0;  // of the answer; a restarted one has a higher
  std::uint64_t rev_from = 1;    // first and last piece in here; from > to: none yet
  std::uint64_t rev_to = 0;
  bool snapshot = false;                  // begins at the beginning and replaces what is shown
  bool complete = false;                  // nothing follows
  std::string status;                     // how the message ended early, such as `cancelled`
  std::string content;                    // the text
  std::vector<StreamPart> parts;          // in order of first appearance
  std::optional<std::size_t> text_place;  // how many parts appeared before the text did

  /// Folds in what follows. Pieces are contiguous (`next` begins right behind this one) or
  /// snapshots, and each is atomic: a range that is in already changes nothing.
  Fold append(const FoldedPiece& next);

  /// Adds text to the part (`kind` empty: to the message's text).
  void add(std::string_view id, std::string_view kind, std::string_view name,
           std::string_view text);

  /// Where the part stands in `parts`, or their number.
  [[nodiscard]] std::size_t find(std::string_view id, std::string_view kind) const;

  /// Bytes that its texts and names keep alive.
  [[nodiscard]] std::size_t bytes() const;

  /// The payload of the chat_message_chunk that says this. A plain text has `content` alone; a
  /// piece of one part has `part`; several parts, and every snapshot that has any, have `parts`.
  [[nodiscard]] std::string chunk_payload() const;
  /// The payload of the durable chat_message that a whole message becomes.
  [[nodiscard]] std::string message_payload(std::string_view role) const;
};

}  // namespace tidewire
