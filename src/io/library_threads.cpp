#include "io/library_threads.hpp"

#include <filesystem>
#include <iterator>
#include <system_error>
#include <thread>

namespace iometer::io {
namespace {

// 0 where /proc is not there: nothing is waited for then.
std::size_t threads_of_this_process() {
  std::error_code error;
  const std::filesystem::directory_iterator tasks("/proc/self/task", error);
  return error ? 0 : static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

}  // namespace

LibraryThreads::LibraryThreads() : before_(threads_of_this_process()) {}

LibraryThreads::~LibraryThreads() {
  // A detached thread has no event for its end; what it looks like from outside is asked for.
  constexpr std::chrono::milliseconds kBetween{1};
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (threads_of_this_process() > before_ && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(kBetween);
}

}  // namespace iometer::io
