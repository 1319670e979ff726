#pragma once

#include <cstddef>
#include <cstdint>

namespace tidewire {

/// Every limit on what one client may send, in one place. What happens at each limit is said
/// beside it; "error" leaves the connection open.
struct MessageLimits {
  std::size_t message_bytes = 64UZ * 1024;    // close 1009
  std::size_t payload_bytes = 64UZ * 1024;    // error message_too_large
  std::size_t id_bytes = 64;                  // error invalid_message at /id
  std::size_t key_bytes = 64;                 // error invalid_message at /key
  std::size_t channel_bytes = 255;            // error invalid_channel
  std::size_t type_bytes = 64;                // error unknown_type
  std::size_t batch_envelopes = 100;          // error limit_exceeded for the batch
  std::size_t channels_per_connection = 128;  // error limit_exceeded
  std::size_t history_publications = 1000;    // a larger `limit` is lowered to it
  std::size_t rpc_in_flight = 64;             // error limit_exceeded
  std::uint32_t bad_messages = 10;            // in a row; close 4400

  // Token buckets of one connection. Past them: error rate_limited with retryAfterMs; a client
  // that goes on regardless is closed with 4029 after rate_violations refusals in a row.
  double messages_per_s = 200;
  double messages_burst = 400;
  double bytes_per_s = 1024.0 * 1024;
  double bytes_burst = 4.0 * 1024 * 1024;
  std::uint32_t rate_violations = 1000;
};

}  // namespace tidewire
