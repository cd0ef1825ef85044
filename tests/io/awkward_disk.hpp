// Disks and neighbours that a state file has to live with: a small or read-only file system, a
// directory without write access, a process that writes until it is killed. What needs root or a
// certain file system says so where it is skipped.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <string>

#include "io/file_descriptor.hpp"
#include "io/state_file.hpp"

namespace iometer::test {

// A tmpfs over an existing directory; options "ro" or those of tmpfs.
class SmallDisk {
 public:
  SmallDisk(std::string path, const std::string& options) : path_(std::move(path)) {
    const bool read_only = options == "ro";
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", read_only ? MS_RDONLY : 0,
                     read_only ? nullptr : options.c_str()) == 0;
    if (!mounted_) MESSAGE("SKIPPED: no file system can be mounted here (needs root)");
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool is_mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_ = false;
};

// Takes the right to create files in a directory, from root too (by the immutable flag).
class UnwritableDirectory {
 public:
  explicit UnwritableDirectory(std::string path) : path_(std::move(path)) {
    effective_ = set(true);
    if (!effective_) MESSAGE("SKIPPED: this file system has no immutable flag");
  }
  ~UnwritableDirectory() { set(false); }
  UnwritableDirectory(const UnwritableDirectory&) = delete;
  UnwritableDirectory& operator=(const UnwritableDirectory&) = delete;
  [[nodiscard]] bool is_effective() const { return effective_; }

 private:
  bool set(bool on) const {
    if (geteuid() != 0) return chmod(path_.c_str(), on ? 0500 : 0700) == 0;
    const io::FileDescriptor folder(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    unsigned flags = 0;
    if (ioctl(folder.number(), FS_IOC_GETFLAGS, &flags) != 0) return false;
    flags = on ? flags | FS_IMMUTABLE_FL : flags & ~unsigned{FS_IMMUTABLE_FL};
    return ioctl(folder.number(), FS_IOC_SETFLAGS, &flags) == 0;
  }

  std::string path_;
  bool effective_ = false;
};

// A process that opens a state file and writes `size` times 'a', then 'b' and so on to 'z', for
// ever 'z' at the end; it is killed by the destructor, wherever it is then.
class ForkedWriter {
 public:
  ForkedWriter(const std::string& directory, std::size_t size) {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    pid_ = fork();
    if (pid_ == 0) write_for_ever(directory, size, ends[1]);
    close(ends[1]);
    confirmed_ = ends[0];
    REQUIRE(pid_ > 0);
  }
  ~ForkedWriter() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(confirmed_);
  }
  ForkedWriter(const ForkedWriter&) = delete;
  ForkedWriter& operator=(const ForkedWriter&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Until so many writes are done; false when the process ended before.
  [[nodiscard]] bool wait_for(int writes) const {
    char byte = 0;
    while (writes > 0 && read(confirmed_, &byte, 1) == 1) --writes;
    return writes == 0;
  }

 private:
  [[noreturn]] static void write_for_ever(const std::string& directory, std::size_t size,
                                          int confirm) {
    auto file = io::StateFile::open(directory);
    for (char letter = 'a'; file; letter = letter == 'z' ? 'z' : static_cast<char>(letter + 1)) {
      if (!(*file)->write(std::string(size, letter)) || ::write(confirm, "", 1) != 1) break;
    }
    _exit(1);
  }

  pid_t pid_ = -1;
  int confirmed_ = -1;
};

}  // namespace iometer::test
