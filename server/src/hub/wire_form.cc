#include "hub/wire_form.h"

#include <algorithm>
#include <string>

#include "hub/piece_fold.h"
#include "hub/publication_factory.h"
#include "protocol/events.h"
#include "protocol/json_reader.h"

namespace tidewire {
namespace {

/// What the JSON form alone keeps.
struct KeptSeals {
  std::string nonce;
  std::string sig;
  std::string enc;
};

KeptSeals seals_of(const Publication& publication) {
  const std::string_view head = publication.json().substr(0, publication.payload_at);
  const auto has = [&](std::string_view key) { return head.find(key) != std::string_view::npos; };
  KeptSeals seals;
  if (!has(R"("nonce":)") && !has(R"("sig":)") && !has(R"("enc":)")) return seals;
  const std::string object = std::string(head.substr(0, head.rfind(R"(,"payload":)"))) + '}';
  JsonReader reader = JsonReader::object(object);
  while (reader.next()) {
    if (reader.value().kind != JsonKind::string) continue;
    if (reader.key() == "nonce") seals.nonce = reader.value().string();
    if (reader.key() == "sig") seals.sig = reader.value().string();
    if (reader.key() == "enc") seals.enc = reader.value().string();
  }
  return seals;
}

}  // namespace

WireForms::WireForms(const Codec& json, const Codec& proto, ws::DeflateScratch& scratch)
    : json_codec_(json), proto_codec_(proto), scratch_(scratch) {
  forms_.push_back({});
  forms_.push_back({.proto = true});
}

FormId WireForms::intern(bool proto, const std::optional<ws::DeflateParams>& deflate) {
  const FormId plain = proto ? kPlainProtoForm : kPlainJsonForm;
  if (!deflate || !deflate->server_no_context_takeover) return plain;
  // What the client may send does not change what it is sent.
  const ws::DeflateParams shared{.server_no_context_takeover = true,
                                 .server_max_window_bits = deflate->server_max_window_bits};
  const auto known = std::ranges::find_if(
      forms_, [&](const Form& form) { return form.proto == proto && form.deflate == shared; });
  if (known != forms_.end()) return static_cast<FormId>(known - forms_.begin());
  if (forms_.size() >= kFormsMax) return plain;
  forms_.push_back({.proto = proto, .deflate = shared});
  return static_cast<FormId>(forms_.size() - 1);
}

PublicationPtr WireForms::encoded(PublicationPtr publication) const {
  return publication->frame ? publication : encode_copy(json_codec_, *publication);
}

ws::SharedFrame WireForms::render(const Publication& publication, FormId id,
                                  std::uint64_t redelivered) const {
  const Form& form = forms_[id];
  ws::SharedFrame frame = publication.frame;
  if (form.proto) {
    const Sender from = view_of(publication.sender());
    const KeptSeals seals = seals_of(publication);
    OutgoingMessage message =
        envelope_of(publication, publication.payload(), from, {seals.nonce, seals.sig, seals.enc});
    message.redelivered = redelivered;
    frame = ws::SharedFrame::make(ws::Opcode::binary, proto_codec_.encode(message));
  } else if (redelivered != 0) {
    frame = ws::SharedFrame::make(ws::Opcode::text,
                                  "{\"redelivered\":" + std::to_string(redelivered) + "," +
                                      std::string(publication.json().substr(1)));
  }
  return form.deflate ? ws::compressed(frame, *form.deflate, scratch_) : frame;
}

const ws::SharedFrame& Rendering::other_frame(FormId form) {
  if (made_.size() <= form) made_.resize(form + 1U);
  if (!made_[form]) made_[form] = forms_->render(*publication_, form);
  return made_[form];
}

}  // namespace tidewire
