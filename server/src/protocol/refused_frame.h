#pragma once

#include <string>
#include <utility>

#include "protocol/codec.h"
#include "protocol/envelope_form.h"

namespace tidewire {

/// Tells the sink that nothing of a frame could be read, so there is no id to answer.
inline void refuse_frame(EnvelopeSink& sink, ErrorCode code, std::string why) {
  sink.on_bad_message("", "", Error{code, std::move(why), {}, 0, {}});
}

/// Tells the sink what is wrong with one envelope. What is too long for its field is not repeated.
inline void refuse_envelope(EnvelopeSink& sink, const Envelope& envelope, const FormFault& fault) {
  sink.on_bad_message(envelope.id.size() <= kIdBytesMax ? envelope.id : "",
                      envelope.channel.size() <= kChannelBytesMax ? envelope.channel : "",
                      form_error(envelope.place, fault));
}

}  // namespace tidewire
