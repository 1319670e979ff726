#include "session/kept_envelope.h"

namespace tidewire {

KeptEnvelope::KeptEnvelope(const Envelope& envelope)
    : plain_(envelope),
      type_(envelope.type),
      id_(envelope.id),
      channel_(envelope.channel),
      payload_(envelope.payload),
      key_(envelope.key),
      trace_(envelope.trace),
      nonce_(envelope.nonce),
      sig_(envelope.sig),
      enc_(envelope.enc),
      epoch_(envelope.epoch) {}

Envelope KeptEnvelope::view() const {
  // A view that is added to Envelope needs a string of its own here.
  static_assert(sizeof(Envelope) == 10 * sizeof(std::string_view) + 3 * sizeof(std::uint64_t) +
                                        sizeof(Envelope::seq) + sizeof(Envelope::receipt) +
                                        sizeof(Envelope::place));
  Envelope envelope = plain_;
  envelope.type = type_;
  envelope.id = id_;
  envelope.channel = channel_;
  envelope.payload = payload_;
  envelope.key = key_;
  envelope.trace = trace_;
  envelope.nonce = nonce_;
  envelope.sig = sig_;
  envelope.enc = enc_;
  envelope.epoch = epoch_;
  return envelope;
}

}  // namespace tidewire
