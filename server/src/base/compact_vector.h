#pragma once

#include <cstdint>

#include <boost/container/vector.hpp>

namespace tidewire {

/// A vector in 16 bytes, for what every connection has: its sizes are of 32 bits. It doubles.
template <typename T>
using CompactVector = boost::container::vector<
    T, void,
    boost::container::vector_options_t<
        boost::container::stored_size<std::uint32_t>,
        boost::container::growth_factor<boost::container::growth_factor_100>>>;

}  // namespace tidewire
