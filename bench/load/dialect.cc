#include "load/dialect.h"

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

class Tidewire final : public Dialect {
 public:
  Tidewire(std::string token, std::string name_space)
      : token_(std::move(token)), name_space_(std::move(name_space)) {}

  std::string target(std::uint32_t /*room*/) const override { return "/ws"; }
  std::string headers() const override { return "Authorization: Bearer " + token_ + "\r\n"; }
  std::string join(std::uint32_t room) const override {
    return R"({"type":"subscribe","id":"s","channel":")" + channel(room) + "\"}";
  }
  Joined on_reply(std::string_view payload) const override {
    if (contains(payload, R"("type":"error")")) return Joined::failed;
    return contains(payload, R"("type":"subscribed")") ? Joined::yes : Joined::no;
  }
  std::string publish(std::uint32_t room, std::string_view content) const override {
    return R"({"type":"bench_message","channel":")" + channel(room) +
           R"(","payload":{"content":")" + std::string(content) + "\"}}";
  }
  std::string answer(std::string_view payload) const override {
    if (!contains(payload, R"("connection_heartbeat")")) return {};
    return R"({"type":"connection_heartbeat","payload":{"timestamp":0}})";
  }

 private:
  std::string channel(std::uint32_t room) const { return name_space_ + ":" + std::to_string(room); }

  std::string token_;
  std::string name_space_;
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
  if (name == "tidewire") return std::make_unique<Tidewire>(token, name_space);
  if (name == "tidewire-echo") return std::make_unique<Echo>("/debug/echo");
  if (name == "centrifugo") return std::make_unique<Centrifugo>();
  return nullptr;
}

}  // namespace tidewire::bench
