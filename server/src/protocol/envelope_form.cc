#include "protocol/envelope_form.h"

#include <algorithm>
#include <array>
#include <string>

#include "protocol/json_reader.h"

namespace tidewire {
namespace {

constexpr std::size_t kEpochBytesMax = 64;
constexpr std::size_t kTraceBytesMax = 256;
constexpr std::size_t kReservedBytesMax = 1024;

struct Bound {
  std::string_view field;
  std::string_view value;
  std::size_t bytes_max;
  std::string_view why;
};

}  // namespace

bool is_type_name(std::string_view text) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto inner = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text.size() <= kTypeBytesMax && lower(text.front()) &&
         std::ranges::all_of(text, inner);
}

std::optional<FormFault> find_form_fault(const Envelope& envelope) {
  if (envelope.type.empty()) return FormFault{"type", "the type is missing"};
  if (!is_type_name(envelope.type))
    return FormFault{"type", "a type is snake_case of at most 64 bytes"};
  const std::array bounds = {
      Bound{"id", envelope.id, kIdBytesMax, "an id has at most 64 bytes"},
      Bound{"channel", envelope.channel, kChannelBytesMax, "a channel has at most 255 bytes"},
      Bound{"key", envelope.key, kKeyBytesMax, "a key has at most 64 bytes"},
      Bound{"epoch", envelope.epoch, kEpochBytesMax, "an epoch has at most 64 bytes"},
      Bound{"trace", envelope.trace, kTraceBytesMax, "a trace has at most 256 bytes"},
      Bound{"nonce", envelope.nonce, kReservedBytesMax, "a nonce has at most 1024 bytes"},
      Bound{"sig", envelope.sig, kReservedBytesMax, "a sig has at most 1024 bytes"},
      Bound{"enc", envelope.enc, kReservedBytesMax, "an enc has at most 1024 bytes"},
  };
  for (const Bound& bound : bounds)
    if (bound.value.size() > bound.bytes_max) return FormFault{bound.field, bound.why};
  if (envelope.offset.value_or(0) > kWholeNumberMax)
    return FormFault{"offset", "an offset is at most 2^53 - 1"};
  if (envelope.seq && (*envelope.seq == 0 || *envelope.seq > kWholeNumberMax))
    return FormFault{"seq", "a seq is from 1 to 2^53 - 1"};
  if (envelope.receipt && envelope.receipt->count > kWholeNumberMax)
    return FormFault{"receipt", "a count is at most 2^53 - 1"};
  return std::nullopt;
}

std::string batch_prefix(std::optional<std::size_t> place) {
  return place ? "/" + std::to_string(*place) : std::string();
}

Error form_error(std::optional<std::size_t> place, const FormFault& fault) {
  std::string path = batch_prefix(place);
  if (!fault.field.empty()) path.append("/").append(fault.field);
  return {ErrorCode::invalid_message, std::string(fault.why), std::move(path), 0, {}};
}

}  // namespace tidewire
