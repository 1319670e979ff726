// batch: several commands in one request, in their order, each with its own answer.

#include <memory>
#include <utility>

#include "api/api_service.h"
#include "api/error_reply.h"
#include "api/json_reply.h"
#include "api/request_body.h"
#include "protocol/json_writer.h"

namespace tidewire {
namespace {

/// The answers, in the order of the commands.
struct Results {
  std::vector<std::string> texts;
  std::size_t missing;
  RespondFn respond;

  void take(std::size_t index, const http::Response& response) {
    texts[index] = response.text();
    if (--missing > 0) return;
    std::string list = "[";
    for (const std::string& each : texts) {
      if (list.size() > 1) list += ',';
      list += each;
    }
    respond(json_reply(JsonObject().raw("results", list + "]").finish()));
  }
};

}  // namespace

void ApiService::batch(std::string_view text, RespondFn respond) {
  auto body = parse_batch_body(text);
  if (!body) return respond(error_reply(body.error()));
  for (std::size_t i = 0; i < body->commands.size(); ++i) {
    const std::string& name = body->commands[i].endpoint;
    if (find(name) == nullptr || name == "batch")
      return respond(error_reply({.code = ErrorCode::invalid_message,
                                  .message = "`" + name + "` is not an endpoint of a batch",
                                  .path = "/commands/" + std::to_string(i)}));
  }
  auto results = std::make_shared<Results>(Results{std::vector<std::string>(body->commands.size()),
                                                   body->commands.size(), std::move(respond)});
  for (std::size_t i = 0; i < body->commands.size(); ++i) {
    const Handler handler = find(body->commands[i].endpoint);
    (this->*handler)(body->commands[i].body,
                     [results, i](const http::Response& response) { results->take(i, response); });
  }
}

}  // namespace tidewire
