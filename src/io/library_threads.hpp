// Waits at the end of the program for threads that libraries started and let go (Paho's two, curl's
// resolver). Such a thread gives OpenSSL's data of it back in its very last moments; the exit
// handlers of a program that ends meanwhile free the same tables (OPENSSL_init_crypto(3)).
#pragma once

#include <chrono>
#include <cstddef>

namespace iometer::io {

class LibraryThreads {
 public:
  // How long the end may be held up by a thread that does not end: the system's resolver cannot be
  // interrupted.
  static constexpr std::chrono::milliseconds kPatience{300};

  // Call first of all in main(): the threads there are now are not waited for.
  LibraryThreads();
  // Returns once no other thread is left, or after kPatience.
  ~LibraryThreads();
  LibraryThreads(const LibraryThreads&) = delete;
  LibraryThreads& operator=(const LibraryThreads&) = delete;

 private:
  std::size_t before_;
};

}  // namespace iometer::io
