// The bridge's state on disk: a directory with one file, state.json, which is replaced whole or not
// at all, and one lock, so that two bridges cannot share it. What the text means is not known here.
// One thread at a time; every call can block as long as the disk does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "io/file_descriptor.hpp"

namespace iometer::io {

class StateFile {
 public:
  static constexpr std::size_t kMostBytes = 256U << 20U;

  // Creates the directory (mode 0700, its parents too) and locks it until the object or the process
  // ends. kConfig where another process holds it; kTransient where it cannot be made or written:
  // one can go on without.
  static base::Result<std::unique_ptr<StateFile>> open(const std::string& directory);
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;

  // The newest text written; nothing where there is none yet. kTransient where it cannot be read,
  // kProtocol where it is no file or over kMostBytes.
  [[nodiscard]] base::Result<std::optional<std::string>> read() const;

  // Atomic and durable: after a crash of the process or the machine there is the old text or the
  // new one. On an error the old one stays, except where the disk fails after the last step. A
  // symbolic link in the file's place is replaced, not followed.
  base::Status write(std::string_view text);

  // Renames a file that nobody understands to state.json.corrupt, for a bug report; an earlier one
  // is replaced. No file is no error.
  base::Status set_aside();

 private:
  StateFile(std::string directory, FileDescriptor folder, FileDescriptor lock);
  base::Status reopen();
  [[nodiscard]] std::string write_temporary(std::string_view text) const;
  [[nodiscard]] base::Error cannot(std::string_view what, std::string_view why) const;

  std::string directory_;
  FileDescriptor folder_;  // names are looked up in it: a changed working directory does no harm
  FileDescriptor lock_;
};

}  // namespace iometer::io
