#include "io/state_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/text.hpp"

namespace iometer::io {
namespace {

using base::Result;
using base::Status;

constexpr const char* kFile = "state.json";
constexpr const char* kTemporary = "state.json.new";
constexpr const char* kCorrupt = "state.json.corrupt";
constexpr const char* kLock = "lock";

std::string words(int number) { return std::generic_category().message(number); }

// A file system without the notion of a directory's fsync answers EINVAL.
bool sync_folder(int folder) { return fsync(folder) == 0 || errno == EINVAL; }

bool make_directory(const std::filesystem::path& path) {
  if (mkdir(path.c_str(), 0700) == 0) {
    const auto parent = path.parent_path();
    const FileDescriptor folder(
        open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder.is_open() && sync_folder(folder.number());
  }
  return errno == EEXIST;
}

// Parents are looked at only where one is missing: many that exist may not be written.
bool make_directories(const std::filesystem::path& path) {
  if (make_directory(path)) return true;
  const auto parent = path.parent_path();
  if (errno != ENOENT || parent.empty() || parent == path) return false;
  return make_directories(parent) && make_directory(path);
}

// Of whoever holds the lock, for a person who looks for it: "process 4711".
std::string holder(int lock) {
  std::array<char, 32> text{};
  const auto size = pread(lock, text.data(), text.size(), 0);
  if (size <= 0) return "another process";
  const std::string_view read(text.data(), static_cast<std::size_t>(size));
  return fmt::format("process {}", base::printable(base::trim(read)));
}

// A lock without our pid holds all the same: a full disk is no reason to refuse it.
void write_pid(int lock) {
  const auto pid = fmt::format("{}\n", getpid());
  const bool noted = ftruncate(lock, 0) == 0 && pwrite(lock, pid.data(), pid.size(), 0) > 0;
  static_cast<void>(noted);
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// False with errno set.
bool read_all(int file, std::string& text) {
  std::size_t have = 0;
  while (have < text.size()) {
    const auto got = ::read(file, text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return true;
}

base::Error unusable(const std::string& directory, std::string_view why) {
  return base::transient_error(
      fmt::format("cannot use the state directory \"{}\": {}; make it writable for this user, or "
                  "set state_dir to another one",
                  base::printable(directory), why));
}

}  // namespace

Result<std::unique_ptr<StateFile>> StateFile::open(const std::string& directory) {
  if (!make_directories(directory)) return unusable(directory, words(errno));
  FileDescriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || faccessat(folder.number(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    return unusable(directory, words(errno));
  }
  FileDescriptor lock(
      openat(folder.number(), kLock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.is_open()) return unusable(directory, fmt::format("{}: {}", kLock, words(errno)));
  if (flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    if (reason != EWOULDBLOCK) return unusable(directory, fmt::format("lock: {}", words(reason)));
    return base::config_error(
        fmt::format("state_dir: {} uses \"{}\" already; stop it, or give each bridge a state_dir "
                    "of its own",
                    holder(lock.number()), base::printable(directory)));
  }
  write_pid(lock.number());
  // Left by a process that was killed while it wrote.
  if (unlinkat(folder.number(), kTemporary, 0) != 0 && errno != ENOENT) {
    return unusable(directory, fmt::format("{}: {}", kTemporary, words(errno)));
  }
  return std::unique_ptr<StateFile>(new StateFile(directory, std::move(folder), std::move(lock)));
}

StateFile::StateFile(std::string directory, FileDescriptor folder, FileDescriptor lock)
    : directory_(std::move(directory)), folder_(std::move(folder)), lock_(std::move(lock)) {}

Result<std::optional<std::string>> StateFile::read() const {
  // Without O_NONBLOCK a named pipe would hold us here.
  const FileDescriptor file(openat(folder_.number(), kFile, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    if (errno == ENOENT) return std::optional<std::string>();
    return cannot("read", words(errno));
  }
  struct stat about {};
  if (fstat(file.number(), &about) != 0) return cannot("read", words(errno));
  if (!S_ISREG(about.st_mode)) return base::protocol_error(cannot("read", "it is no file").what);
  const auto size = static_cast<std::uint64_t>(about.st_size);
  if (size > kMostBytes) {
    const auto why = fmt::format("its {} bytes are over the limit of {}", size, kMostBytes);
    return base::protocol_error(cannot("read", why).what);
  }
  std::string text(size, '\0');
  if (!read_all(file.number(), text)) return cannot("read", words(errno));
  return std::optional(std::move(text));
}

Status StateFile::write(std::string_view text) {
  if (text.size() > kMostBytes) {
    const auto why = fmt::format("{} bytes are over the limit of {}", text.size(), kMostBytes);
    return cannot("write", why);
  }
  // Somebody took the directory away and made it anew: ours is none any more.
  if (faccessat(folder_.number(), kLock, F_OK, AT_EACCESS) != 0) {
    if (auto again = reopen(); !again) return again;
  }
  auto why = write_temporary(text);
  if (why.empty() && renameat(folder_.number(), kTemporary, folder_.number(), kFile) != 0) {
    why = words(errno);
  }
  if (!why.empty()) {
    unlinkat(folder_.number(), kTemporary, 0);
    return cannot("write", why);
  }
  if (!sync_folder(folder_.number())) return cannot("write", words(errno));
  return base::success();
}

Status StateFile::reopen() {
  auto fresh = open(directory_);
  if (!fresh) return fresh.error();
  folder_ = std::move((*fresh)->folder_);
  lock_ = std::move((*fresh)->lock_);
  return base::success();
}

// Empty, or what went wrong.
std::string StateFile::write_temporary(std::string_view text) const {
  unlinkat(folder_.number(), kTemporary, 0);
  FileDescriptor file(openat(folder_.number(), kTemporary,
                             O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return words(errno);
  if (!write_all(file.number(), text)) return words(errno);
  if (fsync(file.number()) != 0) return words(errno);
  if (!file.close()) return words(errno);
  return {};
}

Status StateFile::set_aside() {
  if (renameat(folder_.number(), kFile, folder_.number(), kCorrupt) != 0) {
    if (errno == ENOENT) return base::success();
    return cannot("rename", words(errno));
  }
  if (!sync_folder(folder_.number())) return cannot("rename", words(errno));
  return base::success();
}

base::Error StateFile::cannot(std::string_view what, std::string_view why) const {
  return base::transient_error(
      fmt::format("cannot {} \"{}/{}\": {}", what, base::printable(directory_), kFile, why));
}

}  // namespace iometer::io
