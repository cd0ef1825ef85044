#include "io/state_file.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "app/test_files.hpp"
#include "io/awkward_disk.hpp"

using namespace iometer;
using base::ErrorKind;
using io::StateFile;
namespace fs = std::filesystem;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

unsigned mode_of(const std::string& path) {
  struct stat about {};
  REQUIRE(stat(path.c_str(), &about) == 0);
  return about.st_mode & 07777U;
}

std::set<std::string> names_in(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.insert(entry.path().filename());
  return names;
}

std::unique_ptr<StateFile> opened(const std::string& directory) {
  auto file = StateFile::open(directory);
  if (!file) FAIL(file.error().what);
  return std::move(*file);
}

std::string text_of(const StateFile& file) {
  const auto text = file.read();
  if (!text) FAIL(text.error().what);
  REQUIRE(text->has_value());
  return **text;
}

struct Directory {
  test::TestFiles files;
  std::string path = files.directory() + "/state";
};

}  // namespace

TEST_SUITE("io") {
  TEST_CASE_FIXTURE(Directory, "state file: nothing, then what was written last, also next time") {
    const auto deep = path + "/a/b/";
    {
      const auto file = opened(deep);
      REQUIRE(file->read().ok());
      CHECK_FALSE((*file->read()).has_value());
      REQUIRE(file->write("first and long").ok());
      REQUIRE(file->write("second").ok());
      CHECK(text_of(*file) == "second");
    }
    CHECK(text_of(*opened(deep)) == "second");
    CHECK(names_in(deep) == std::set<std::string>{"lock", "state.json"});
    CHECK(mode_of(path) == 0700);
    CHECK(mode_of(path + "/a/b") == 0700);
    CHECK(mode_of(path + "/a/b/state.json") == 0600);
    REQUIRE(opened(deep)->write("").ok());
    CHECK(text_of(*opened(deep)).empty());
  }

  TEST_CASE_FIXTURE(Directory, "state file: a corrupt one is set aside") {
    const auto file = opened(path);
    CHECK(file->set_aside().ok());
    REQUIRE(file->write("old rubbish").ok());
    REQUIRE(file->set_aside().ok());
    REQUIRE(file->write("rubbish").ok());
    REQUIRE(file->set_aside().ok());
    CHECK_FALSE((*file->read()).has_value());
    std::ifstream corrupt(path + "/state.json.corrupt");
    CHECK(std::string(std::istreambuf_iterator<char>(corrupt), {}) == "rubbish");
  }

  TEST_CASE_FIXTURE(Directory, "state file: one process holds the directory, by whatever name") {
    fs::create_directory(path);
    const auto link = files.directory() + "/link";
    fs::create_symlink(path, link);
    pid_t other = 0;
    {
      test::ForkedWriter writer(link, 10);
      REQUIRE(writer.wait_for(1));
      other = writer.pid();
      const auto refused = StateFile::open(path);
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.error().kind == ErrorKind::kConfig);
      CHECK(contains(refused.error().what, path));
      CHECK(contains(refused.error().what, "process " + std::to_string(other) + " "));
      CHECK(contains(refused.error().what, "state_dir of its own"));
    }
    const auto file = opened(path);  // the lock has died with its process
    const auto refused = StateFile::open(link);
    REQUIRE_FALSE(refused.ok());
    CHECK(contains(refused.error().what, "process " + std::to_string(getpid()) + " "));
  }

  TEST_CASE_FIXTURE(Directory, "state file: a writer that is killed never leaves a torn file") {
    constexpr std::size_t kSize = 1'000'000;
    char newest = 'a';
    for (int round = 0; round < 25; ++round) {
      {
        test::ForkedWriter writer(path, kSize);
        REQUIRE(writer.wait_for(1 + round % 3));
        newest = static_cast<char>('a' + round % 3);
      }
      const auto file = opened(path);
      CHECK(names_in(path) == std::set<std::string>{"lock", "state.json"});
      const auto text = text_of(*file);
      REQUIRE(text.size() == kSize);
      REQUIRE(text == std::string(kSize, text.front()));
      REQUIRE(text.front() >= newest);  // what had been confirmed is there
    }
  }

  TEST_CASE_FIXTURE(Directory, "state file: a full disk leaves the old text") {
    fs::create_directory(path);
    const test::SmallDisk disk(path, "size=64k");
    if (!disk.is_mounted()) return;
    const auto file = opened(path);
    const std::string old(20'000, 'o');
    REQUIRE(file->write(old).ok());
    for (int i = 0; i < 3; ++i) {
      const auto failed = file->write(std::string(100'000, 'n'));
      REQUIRE_FALSE(failed.ok());
      CHECK(failed.error() == base::transient_error("cannot write \"" + path +
                                                    "/state.json\": No space left on device"));
    }
    CHECK(text_of(*file) == old);
    CHECK(names_in(path) == std::set<std::string>{"lock", "state.json"});
    CHECK(file->write(std::string(20'000, 'n')).ok());
    CHECK(text_of(*file).front() == 'n');
  }

  TEST_CASE_FIXTURE(Directory, "state file: a read-only disk") {
    fs::create_directory(path);
    const test::SmallDisk disk(path, "ro");
    if (!disk.is_mounted()) return;
    for (const auto& name : {path, path + "/new"}) {
      const auto refused = StateFile::open(name);
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.error().kind == ErrorKind::kTransient);
      CHECK(contains(refused.error().what, "\"" + name + "\": Read-only file system"));
      CHECK(contains(refused.error().what, "set state_dir to another one"));
    }
  }

  TEST_CASE_FIXTURE(Directory, "state file: a directory that may not be written any more") {
    {
      const auto file = opened(path);
      REQUIRE(file->write("old").ok());
      const test::UnwritableDirectory unwritable(path);
      if (!unwritable.is_effective()) return;
      const auto failed = file->write("new");
      REQUIRE_FALSE(failed.ok());
      CHECK(failed.error().kind == ErrorKind::kTransient);
      CHECK(contains(failed.error().what, path + "/state.json"));
      CHECK_FALSE(file->set_aside().ok());
      CHECK(text_of(*file) == "old");
    }
    const test::UnwritableDirectory unwritable(path);
    const auto refused = StateFile::open(path);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == ErrorKind::kTransient);
  }

  TEST_CASE_FIXTURE(Directory, "state file: a directory that is taken away and made anew") {
    const auto file = opened(path);
    REQUIRE(file->write("old").ok());
    fs::remove_all(path);
    REQUIRE(file->write("new").ok());
    CHECK(text_of(*file) == "new");
    CHECK(names_in(path) == std::set<std::string>{"lock", "state.json"});
    CHECK_FALSE(StateFile::open(path).ok());  // we hold it as before
    fs::remove_all(path);
    test::TestFiles other;
    fs::create_symlink(other.directory() + "/nowhere", path);
    const auto failed = file->write("newer");
    REQUIRE_FALSE(failed.ok());
    CHECK(contains(failed.error().what, path));
  }

  TEST_CASE_FIXTURE(Directory,
                    "state file: the directory is a file, a link to nowhere or below one") {
    const auto file = files.write("file", "x");
    const auto link = files.directory() + "/link";
    fs::create_symlink(files.directory() + "/nowhere", link);
    for (const auto& name :
         {file, file + "/state", link, std::string("/proc/state"), std::string()}) {
      CAPTURE(name);
      const auto refused = StateFile::open(name);
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.error().kind == ErrorKind::kTransient);
      CHECK(contains(refused.error().what, "\"" + name + "\""));
    }
  }

  TEST_CASE_FIXTURE(Directory, "state file: links and odd things in the file's place") {
    const auto precious = files.write("precious", "precious");
    const auto file = opened(path);
    const auto state = path + "/state.json";
    fs::create_symlink(precious, state);
    fs::create_symlink(precious, path + "/state.json.new");
    REQUIRE(file->write("state").ok());
    CHECK(text_of(*file) == "state");
    CHECK(std::ifstream(precious).get() == 'p');

    REQUIRE(fs::remove(state));
    REQUIRE(mkfifo(state.c_str(), 0600) == 0);
    CHECK(file->read().error().kind == ErrorKind::kProtocol);
    REQUIRE(fs::remove(state));
    fs::create_directory(state);
    CHECK(file->read().error().kind == ErrorKind::kProtocol);
    CHECK_FALSE(file->write("state").ok());
    CHECK(names_in(path) == std::set<std::string>{"lock", "state.json"});
    REQUIRE(file->set_aside().ok());
    CHECK(file->write("state").ok());

    const auto linked = files.directory() + "/linked";
    fs::create_directory(linked);
    fs::create_symlink(precious, linked + "/lock");
    CHECK_FALSE(StateFile::open(linked).ok());
    CHECK(std::ifstream(precious).get() == 'p');
  }

  TEST_CASE_FIXTURE(Directory, "state file: large texts, and a limit for both ways") {
    const auto file = opened(path);
    std::string large(64U << 20U, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7919 >> 5U);
    REQUIRE(file->write(large).ok());
    CHECK((text_of(*file) == large));

    const auto too_large = StateFile::kMostBytes + 1;
    // Pages that nobody may read: the limit is looked at first.
    void* pages =
        mmap(nullptr, too_large, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(pages != MAP_FAILED);
    const auto kept = file->write({static_cast<const char*>(pages), too_large});
    REQUIRE_FALSE(kept.ok());
    CHECK(contains(kept.error().what, "over the limit of 268435456"));
    munmap(pages, too_large);
    CHECK((text_of(*file) == large));
    fs::resize_file(path + "/state.json", too_large);  // a hole: takes no room
    const auto refused = file->read();
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == ErrorKind::kProtocol);
    CHECK(contains(refused.error().what, "over the limit of 268435456"));
  }

  TEST_CASE_FIXTURE(Directory, "state file: a changed working directory does no harm") {
    const auto before = fs::current_path();
    fs::current_path(files.directory());
    const auto file = StateFile::open("relative");
    fs::current_path(before);
    REQUIRE(file.ok());
    REQUIRE((*file)->write("state").ok());
    CHECK(names_in(files.directory() + "/relative").count("state.json") == 1);
  }
}
