#pragma once

#include <string>
#include <utility>

#include "protocol/codec.h"

namespace tidewire {

/// Tells the sink that nothing of a frame could be read, so there is no id to answer.
inline void refuse_frame(EnvelopeSink& sink, ErrorCode code, std::string why) {
  sink.on_bad_message("", Error{code, std::move(why), {}, 0, {}});
}

}  // namespace tidewire
