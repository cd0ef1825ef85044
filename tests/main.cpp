#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "io/library_threads.hpp"

int main(int argc, char** argv) {
  const iometer::io::LibraryThreads wait_at_the_end;  // as the program does
  return doctest::Context(argc, argv).run();
}
