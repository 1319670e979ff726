#include "hub/publish_request.h"

#include <cstring>

namespace tidewire {
namespace {

std::array<std::string_view*, 17> texts(PublishRequest& request) {
  return {&request.channel,      &request.type,
          &request.payload,      &request.key,
          &request.trace,        &request.nonce,
          &request.sig,          &request.enc,
          &request.from.user_id, &request.from.connection_id,
          &request.from.client,  &request.message_id,
          &request.content,      &request.part_id,
          &request.part_kind,    &request.part_name,
          &request.session_id};
}

}  // namespace

PublishParcel::PublishParcel(const PublishRequest& request) : request_(request) {
  std::size_t size = 0;
  for (const std::string_view* text : texts(request_)) size += text->size();
  bytes_ = std::make_unique<char[]>(size);
  char* at = bytes_.get();
  for (std::string_view* text : texts(request_)) {
    if (!text->empty()) std::memcpy(at, text->data(), text->size());
    *text = {at, text->size()};
    at += text->size();
  }
}

PublishParcel::PublishParcel(PublishParcel&& other) noexcept
    : bytes_(std::move(other.bytes_)), request_(std::move(other.request_)) {}

}  // namespace tidewire
