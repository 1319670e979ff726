#include "load/dialect.h"

#include "load/tidewire_dialect.h"

namespace tidewire::bench {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

class Raw final : public Dialect {
 public:
  std::string target(std::uint32_t room) const override { return "/room/" + std::to_string(room); }
  std::string publish(std::uint32_t /*room*/, std::string_view content) const override {
    return std::string(content);
  }
};

class Echo final : public Dialect {
 public:
  explicit Echo(std::string target) : target_(std::move(target)) {}
  std::string target(std::uint32_t /*room*/) const override { return target_; }
  std::string publish(std::uint32_t /*room*/, std::string_view content) const override {
    return std::string(content);
  }

 private:
  std::string target_;
};

class Centrifugo final : public Dialect {
 public:
  std::string target(std::uint32_t /*room*/) const override { return "/connection/websocket"; }
  std::string join(std::uint32_t room) const override {
    return "{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"" + channel(room) +
           "\"}}";
  }
  Joined on_reply(std::string_view payload) const override {
    if (contains(payload, R"("error":)")) return Joined::failed;
    return contains(payload, R"("subscribe":)") ? Joined::yes : Joined::no;
  }
  std::string publish(std::uint32_t room, std::string_view content) const override {
    return R"({"id":3,"publish":{"channel":")" + channel(room) + R"(","data":{"content":")" +
           std::string(content) + "\"}}}";
  }
  std::string answer(std::string_view payload) const override {
    return payload == "{}" ? "{}" : "";
  }

 private:
  static std::string channel(std::uint32_t room) { return "bench:" + std::to_string(room); }
};

}  // namespace

std::unique_ptr<Dialect> make_dialect(std::string_view name, const std::string& token,
                                      const std::string& name_space) {
  if (name == "raw") return std::make_unique<Raw>();
  if (name == "echo") return std::make_unique<Echo>("/echo");
  if (name == "tidewire") return std::make_unique<TidewireDialect>(token, name_space);
  if (name == "tidewire-acks") return std::make_unique<TidewireAcks>(token, name_space);
  if (name == "tidewire-echo") return std::make_unique<Echo>("/debug/echo");
  if (name == "centrifugo") return std::make_unique<Centrifugo>();
  return nullptr;
}

}  // namespace tidewire::bench
