#include "server/echo_sink.h"

namespace tidewire {

void EchoSink::on_message(bool binary, std::string_view message) {
  const auto opcode = binary ? ws::Opcode::binary : ws::Opcode::text;
  auto frame = connection_.endpoint().outgoing(ws::SharedFrame::make(opcode, message));
  const PushResult result =
      connection_.outbox().push(std::move(frame), Priority::normal, clock_.mono_ms());
  if (result == PushResult::overflow)
    return connection_.close_now(CloseCode::slow_consumer, "the connection reads too slowly");
  connection_.flush_soon({});
}

}  // namespace tidewire
