#include "ws/endpoint.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "ws/assembly.h"
#include "ws/deflate_scratch.h"
#include "ws/mask.h"
#include "ws/utf8.h"

namespace tidewire::ws {
namespace {

constexpr std::uint32_t kPongsPerRun = 16;

/// Deflate can make incompressible data a little larger (five bytes for each stored block), so a
/// compressed payload may exceed the limit of what it inflates to by this much.
std::size_t with_deflate_overhead(std::size_t limit) { return limit + limit / 1024 + 64; }

std::size_t limit_for(std::size_t limit, bool compressed) {
  return compressed ? with_deflate_overhead(limit) : limit;
}

}  // namespace

/// One call of receive(): where events go, and the pong of a run of pings that is held back until
/// anything else is reported, so that of a long run only the last is answered.
struct Endpoint::Turn {
  EndpointEvents& events;
  std::uint32_t pings = 0;
  SharedFrame pong;

  void ping(std::string_view payload) {
    pong = SharedFrame::make(Opcode::pong, payload);
    if (++pings <= kPongsPerRun) events.on_control(std::exchange(pong, {}));
  }

  /// Sends the pong held back, if any: what is reported next comes after it.
  void settle() {
    pings = 0;
    if (pong) events.on_control(std::exchange(pong, {}));
  }
};

Endpoint::Endpoint(const EndpointOptions& options, DeflateScratch* scratch)
    : scratch_(scratch),
      message_bytes_max_(static_cast<std::uint32_t>(options.message_bytes_max)),
      frame_bytes_max_(static_cast<std::uint32_t>(options.frame_bytes_max)),
      fragments_max_(options.fragments_max),
      deflate_(options.deflate) {
  assert(!options.deflate || scratch != nullptr);
}

Endpoint::~Endpoint() = default;

std::size_t Endpoint::buffered_bytes() const {
  return assembly_ ? sizeof(Assembly) + assembly_->message.capacity() : 0;
}

Assembly& Endpoint::assembly() {
  if (!assembly_) assembly_ = std::make_unique<Assembly>();
  return *assembly_;
}

void Endpoint::receive(std::span<char> bytes, EndpointEvents& events) {
  Turn turn{events};
  while (!bytes.empty() && !stopped_) {
    if (!in_frame_ && !take_header(bytes, turn)) break;
    take_payload(bytes, turn);
  }
  if (!stopped_) turn.settle();
}

/// Reads the next header; true when a frame has begun.
bool Endpoint::take_header(std::span<char>& bytes, Turn& turn) {
  const HeaderRules rules{deflate_.has_value(), in_message_};
  std::string_view view(bytes.data(), bytes.size());
  const std::size_t had = header_have_;
  if (had > 0) {
    const std::size_t more = std::min(bytes.size(), header_.size() - had);
    std::copy_n(bytes.data(), more, header_.data() + had);
    view = {header_.data(), had + more};
  }
  const HeaderResult result = decode_client_header(view, rules, frame_);
  if (result.status == HeaderStatus::refused) {
    fail(kCloseProtocolError, result.reason, turn);
    return false;
  }
  if (result.status == HeaderStatus::incomplete) {
    if (had == 0) std::copy_n(bytes.data(), bytes.size(), header_.data());
    header_have_ = static_cast<std::uint8_t>(had + bytes.size());
    bytes = {};
    return false;
  }
  bytes = bytes.subspan(frame_.size - had);
  header_have_ = 0;
  return begin_frame(turn);
}

/// Applies the limits to the frame whose header has just been read.
bool Endpoint::begin_frame(Turn& turn) {
  remaining_ = frame_.payload_size;
  in_frame_ = true;
  if (is_control(frame_.opcode)) return true;

  if (frame_.opcode != Opcode::continuation) {
    message_opcode_ = frame_.opcode;
    message_compressed_ = frame_.rsv1;
    fragments_ = 0;
  }
  const std::size_t limit = limit_for(message_bytes_max_, message_compressed_);
  const std::size_t have =
      (assembly_ ? assembly_->message.size() : 0) + fragments_ * kFragmentOverhead;
  if (frame_.payload_size > limit_for(frame_bytes_max_, message_compressed_)) {
    fail(kCloseTooBig, "frame is too big", turn);
  } else if (have > limit || frame_.payload_size > limit - have) {
    fail(kCloseTooBig, "message is too big", turn);
  } else if (++fragments_ > fragments_max_) {
    fail(kCloseTooBig, "message has too many fragments", turn);
  }
  return !stopped_;
}

/// Takes what is there of the current frame's payload.
void Endpoint::take_payload(std::span<char>& bytes, Turn& turn) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
  if (size == 0 && remaining_ > 0) return;
  unmask(bytes.data(), size, frame_.mask, frame_.payload_size - remaining_);
  const std::string_view piece(bytes.data(), size);
  bytes = bytes.subspan(size);
  remaining_ -= size;
  in_frame_ = remaining_ > 0;
  if (is_control(frame_.opcode)) {
    take_control(piece, turn);
  } else {
    take_data(piece, turn);
  }
}

void Endpoint::take_control(std::string_view piece, Turn& turn) {
  if (piece.size() == frame_.payload_size) return handle_control(piece, turn);
  Assembly& parts = assembly();
  std::copy(piece.begin(), piece.end(), parts.control.begin() + parts.control_have);
  parts.control_have = static_cast<std::uint8_t>(parts.control_have + piece.size());
  if (in_frame_) return;
  const std::size_t size = std::exchange(parts.control_have, 0);
  handle_control({parts.control.data(), size}, turn);
  if (!in_message_) assembly_.reset();
}

void Endpoint::take_data(std::string_view piece, Turn& turn) {
  const bool whole = piece.size() == frame_.payload_size && fragments_ == 1 && frame_.fin;
  if (whole) return deliver(piece, false, turn);

  Assembly& parts = assembly();
  parts.message.append(piece);
  const bool checking = message_opcode_ == Opcode::text && !message_compressed_ && !close_sent_;
  if (checking && !parts.utf8.feed(piece))
    return fail(kCloseInvalidPayload, "text is not UTF-8", turn);
  if (in_frame_) return;
  in_message_ = !frame_.fin;
  if (frame_.fin) finish_message(turn);
}

void Endpoint::finish_message(Turn& turn) {
  const auto parts = std::exchange(assembly_, nullptr);
  if (!close_sent_ && !parts->utf8.complete())
    return fail(kCloseInvalidPayload, "text is not UTF-8", turn);
  const std::size_t size = parts->message.size();
  parts->message.append(kReadablePadding, '\0');
  deliver({parts->message.data(), size}, true, turn);
}

/// Reports a message. `checked`: its payload, if not compressed, is known to be UTF-8 already.
void Endpoint::deliver(std::string_view payload, bool checked, Turn& turn) {
  if (close_sent_) return;
  if (!message_compressed_) return report_message(payload, checked, turn);
  const auto inflated = inflate(payload, turn);
  if (inflated) report_message(*inflated, false, turn);
  DeflateScratch::trim(scratch_->inflated());
}

void Endpoint::report_message(std::string_view payload, bool checked, Turn& turn) {
  if (message_opcode_ == Opcode::text && !checked && !is_utf8(payload))
    return fail(kCloseInvalidPayload, "text is not UTF-8", turn);
  turn.settle();
  // The pong's callback may have ended the connection.
  if (!stopped_ && !close_sent_) turn.events.on_message(message_opcode_, payload);
}

std::optional<std::string_view> Endpoint::inflate(std::string_view payload, Turn& turn) {
  Inflater* inflater = nullptr;
  if (deflate_->client_no_context_takeover) {
    inflater = &scratch_->inflater();
    inflater->reset();
  } else {
    if (!inflater_) inflater_ = std::make_unique<Inflater>(deflate_->client_max_window_bits);
    inflater = inflater_.get();
  }
  std::string& out = scratch_->inflated();
  const InflateStatus status = inflater->inflate(payload, message_bytes_max_, out);
  if (status == InflateStatus::ok) {
    const std::size_t size = out.size();
    out.append(kReadablePadding, '\0');
    return std::string_view(out.data(), size);
  }
  if (status == InflateStatus::too_big) {
    fail(kCloseTooBig, "message is too big", turn);
  } else {
    fail(kCloseInvalidPayload, "compressed data is invalid", turn);
  }
  return std::nullopt;
}

void Endpoint::handle_control(std::string_view payload, Turn& turn) {
  if (frame_.opcode == Opcode::close) return handle_close(payload, turn);
  if (close_sent_) return;
  if (frame_.opcode == Opcode::ping) return turn.ping(payload);
  turn.settle();
  if (!stopped_) turn.events.on_pong(payload);
}

void Endpoint::handle_close(std::string_view payload, Turn& turn) {
  if (payload.size() == 1) return fail(kCloseProtocolError, "close code is cut off", turn);
  std::uint16_t code = kCloseNoStatus;
  std::string_view reason;
  if (!payload.empty()) {
    code = static_cast<std::uint16_t>((static_cast<std::uint8_t>(payload[0]) << 8U) |
                                      static_cast<std::uint8_t>(payload[1]));
    reason = payload.substr(2);
    if (!may_arrive(code)) return fail(kCloseProtocolError, "close code is not allowed", turn);
    if (!is_utf8(reason)) return fail(kCloseInvalidPayload, "close reason is not UTF-8", turn);
  }
  turn.settle();
  if (stopped_) return;
  stopped_ = true;  // nothing after a Close is looked at
  in_message_ = false;
  if (!std::exchange(close_sent_, true))
    turn.events.on_control(SharedFrame::make(Opcode::close, payload.substr(0, 2)));
  turn.events.on_close(code, reason);
}

void Endpoint::fail(std::uint16_t code, std::string_view reason, Turn& turn) {
  turn.settle();
  if (stopped_) return;
  stopped_ = true;
  in_frame_ = in_message_ = false;
  header_have_ = 0;
  assembly_.reset();
  if (SharedFrame frame = close_frame(code, reason)) turn.events.on_control(std::move(frame));
  turn.events.on_fail(code, reason);
}

SharedFrame Endpoint::close_frame(std::uint16_t code, std::string_view reason) {
  if (std::exchange(close_sent_, true)) return {};
  if (!may_send(code)) code = kCloseInternalError;
  if (!is_utf8(reason)) reason = {};
  reason = utf8_prefix(reason, kControlBytesMax - 2);
  return SharedFrame::build(Opcode::close, 2 + reason.size(), [&](std::span<char> room) {
    room[0] = static_cast<char>(code >> 8U);
    room[1] = static_cast<char>(code);
    std::copy(reason.begin(), reason.end(), room.begin() + 2);
    return room.size();
  });
}

SharedFrame Endpoint::outgoing(const SharedFrame& frame) {
  if (!deflate_) return frame;
  const DeflateParams& params = *deflate_;
  if (params.server_no_context_takeover) return compressed(frame, params, *scratch_);
  const DeflateConfig& config = scratch_->config();
  if (is_control(frame.opcode()) || frame.rsv1() || frame.payload().size() < config.threshold_bytes)
    return frame;
  if (!deflater_)
    deflater_ = std::make_unique<Deflater>(params.server_max_window_bits, config.level,
                                           config.memory_level);
  // The client's window now contains this message, so it has to travel compressed even if that
  // made it larger.
  deflater_->deflate(frame.payload(), scratch_->deflated());
  SharedFrame result = SharedFrame::make(frame.opcode(), scratch_->deflated(), true);
  DeflateScratch::trim(scratch_->deflated());
  return result;
}

}  // namespace tidewire::ws
