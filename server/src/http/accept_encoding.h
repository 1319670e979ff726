#pragma once

#include <string_view>
#include <vector>

namespace tidewire::http {

/// The q-value, in thousandths, that an Accept-Encoding header gives to `coding`: by its name, else
/// by "*", else 0; "identity" is worth 1 when it is not mentioned (RFC 9110, 12.5.3). An element
/// that cannot be read counts as not sent.
[[nodiscard]] int coding_quality(std::string_view accept_encoding, std::string_view coding);

/// Which of `available`, given in our order of preference, the client likes best; "identity" when
/// it likes none of them better.
[[nodiscard]] std::string_view choose_coding(std::string_view accept_encoding,
                                             const std::vector<std::string_view>& available);

}  // namespace tidewire::http
