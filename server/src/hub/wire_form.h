#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "history/channel_history.h"
#include "protocol/codec.h"
#include "ws/deflate_scratch.h"

namespace tidewire {

/// The index of a way to write events: which codec, and compressed with which parameters.
using FormId = std::uint8_t;
inline constexpr FormId kPlainJsonForm = 0;
inline constexpr FormId kPlainProtoForm = 1;

/// All forms in use on one shard. There are few: two codecs times the compression parameters that
/// clients negotiated.
///
/// Owner:  one per shard; outlives its connections. Thread: the shard's.
/// Limit:  forms_max; past it a connection gets the plain form of its codec.
class WireForms {
 public:
  static constexpr std::size_t kFormsMax = 64;

  WireForms(const Codec& json, const Codec& proto, ws::DeflateScratch& scratch);

  /// The form for a connection. Only parameters without server context takeover can be shared.
  [[nodiscard]] FormId intern(bool proto, const std::optional<ws::DeflateParams>& deflate);

  /// `publication`, which may be a piece that is not encoded yet, as one that is.
  [[nodiscard]] PublicationPtr encoded(PublicationPtr publication) const;

  /// `publication`, which is encoded, in that form; `redelivered`: how many times it was sent
  /// before.
  [[nodiscard]] ws::SharedFrame render(const Publication& publication, FormId form,
                                       std::uint64_t redelivered = 0) const;

  [[nodiscard]] std::size_t size() const { return forms_.size(); }

 private:
  struct Form {
    bool proto = false;
    std::optional<ws::DeflateParams> deflate;
  };

  const Codec& json_codec_;
  const Codec& proto_codec_;
  ws::DeflateScratch& scratch_;
  std::vector<Form> forms_;
};

/// One publication in every form its subscribers need, each made at most once. A piece of a growing
/// message is encoded here, when the first subscriber wants it as it is: most are only folded.
///
/// Lifetime: one delivery on one shard.
class Rendering {
 public:
  Rendering(PublicationPtr publication, const WireForms& forms, MonoMillis now)
      : publication_(std::move(publication)), forms_(&forms), now_(now) {}

  [[nodiscard]] const PublicationPtr& publication() const { return publication_; }
  /// Of the plain form; 0 when nobody wanted any.
  [[nodiscard]] std::size_t frame_bytes() const {
    return publication_->frame ? publication_->frame.size() : 0;
  }
  /// When the delivery happens, asked of the clock once for all subscribers.
  [[nodiscard]] MonoMillis now_ms() const { return now_; }
  [[nodiscard]] const ws::SharedFrame& frame(FormId form) {
    if (!publication_->frame) publication_ = forms_->encoded(std::move(publication_));
    return form == kPlainJsonForm ? publication_->frame : other_frame(form);
  }

 private:
  [[nodiscard]] const ws::SharedFrame& other_frame(FormId form);

  PublicationPtr publication_;
  const WireForms* forms_;
  MonoMillis now_;
  std::vector<ws::SharedFrame> made_;
};

}  // namespace tidewire
