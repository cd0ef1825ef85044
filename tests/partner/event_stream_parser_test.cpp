#include "partner/event_stream_parser.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

using iometer::partner::EventStreamParser;
using iometer::partner::ServerEvent;

namespace {

// Everything that a parser said, in its order.
struct Heard {
  std::vector<std::string> all;
  EventStreamParser parser{{[this](const ServerEvent& e) { all.push_back(e.name + "=" + e.data); },
                            [this] { all.emplace_back("(comment)"); },
                            [this] { all.emplace_back("(too large)"); }}};
};

std::vector<std::string> heard(std::string_view stream) {
  Heard heard;
  heard.parser.add(stream);
  return heard.all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE("event streams: the rules of the format") {
    CHECK(heard("event: next\ndata: {}\n\n") == Texts{"next={}"});
    CHECK(heard("event: complete\n\n") == Texts{"complete="});  // gqlgen's end has no data
    CHECK(heard("data\n\n") == Texts{"="});
    CHECK(heard(":\n\n: ping\n\n") == Texts{"(comment)", "(comment)"});
    CHECK(heard("data: a\ndata:b\ndata:  c\n\n") == Texts{"=a\nb\n c"});
    CHECK(heard("data: a\r\rdata: b\r\n\r\ndata: c\n\n") == Texts{"=a", "=b", "=c"});
    CHECK(heard("\xef\xbb\xbf"
                "data: a\n\n"
                "\xef\xbb\xbf"
                "data: b\n\n") == Texts{"=a"});
    CHECK(heard("Event: x\nid: 1\nretry: 5\nother\nevent: x\nevent: y\ndata: a:b\n\n") ==
          Texts{"y=a:b"});
    CHECK(heard("\n\n\nevent: next\ndata: unfinished\n").empty());
  }

  TEST_CASE("event streams: what is too large is left out, and said") {
    const std::string half(EventStreamParser::kMaxBytes / 2, 'x');
    CHECK(heard("data: " + half + "\n\ndata: b\n\n").size() == 2);
    const Texts left_out{"(too large)", "=b"};
    CHECK(heard("data: " + half + "\ndata: " + half + "\ndata: c\n\ndata: b\n\n") == left_out);
    CHECK(heard("data: " + half + half + "\n\ndata: b\n\n") == left_out);
    CHECK(heard("data: a\nother: " + half + half + "\n\ndata: b\n\n") == left_out);
  }

  TEST_CASE("event streams: the same wherever they are cut") {
    const auto seed = std::random_device()();
    CAPTURE(seed);
    MESSAGE("seed ", seed);
    std::mt19937 random(seed);
    const std::vector<std::string> parts{"\xef\xbb\xbf",
                                         ":\n\n",
                                         ": ping\r\n\r\n",
                                         "event: next\ndata: {\"unit\":\"m\xc2\xb3\"}\n\n",
                                         "event: complete\r\r",
                                         "data: \xf0\x9f\x94\x8c\r\n",
                                         "data:",
                                         "\r",
                                         "\n",
                                         "event",
                                         ": x",
                                         " ",
                                         "id: 7\n",
                                         std::string(3000, 'y')};
    for (int round = 0; round < 500; ++round) {
      std::string stream;
      for (int i = 0; i < 20; ++i) stream += parts.at(random() % parts.size());
      Heard in_pieces;
      std::string_view rest = stream;
      while (!rest.empty()) {
        const auto most = round % 2 == 0 ? std::size_t{3} : rest.size();
        const auto cut =
            std::min(rest.size(), std::uniform_int_distribution<std::size_t>(1, most)(random));
        in_pieces.parser.add(rest.substr(0, cut));
        rest.remove_prefix(cut);
      }
      CAPTURE(stream);
      REQUIRE(in_pieces.all == heard(stream));
    }
  }
}
