#include "net/stream.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace tidewire::net {

bool all_acknowledged(int fd) {
  if (fd < 0) return true;
  int waiting = 0;  // bytes that are not sent, or sent and not acknowledged
  return ::ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting == 0;
}

IoResult TcpStream::read(std::span<char> buffer) {
  for (;;) {
    const ssize_t bytes = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (bytes > 0) return {static_cast<std::size_t>(bytes), IoStatus::ok};
    if (bytes == 0) return {0, IoStatus::closed};
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return {0, IoStatus::would_block};
    error_ = errno;
    return {0, IoStatus::error};
  }
}

IoResult TcpStream::write(std::span<const iovec> parts) {
  if (parts.empty()) return {0, IoStatus::would_block};
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());  // sendmsg() only reads them
  message.msg_iovlen = std::min<std::size_t>(parts.size(), IOV_MAX);
  for (;;) {
    // One part is the common case, and send() spares the kernel the copy of header and parts.
    const ssize_t bytes =
        parts.size() == 1 ? ::send(socket_.get(), parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL)
                          : ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (bytes >= 0) return {static_cast<std::size_t>(bytes), IoStatus::ok};
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return {0, IoStatus::would_block};
    error_ = errno;
    return {0, errno == EPIPE ? IoStatus::closed : IoStatus::error};
  }
}

void TcpStream::shutdown() { ::shutdown(socket_.get(), SHUT_WR); }

std::string TcpStream::last_error() const { return std::strerror(error_); }

}  // namespace tidewire::net
