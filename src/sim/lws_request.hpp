// What libwebsockets knows about a request, as values; and answers that are written in one piece.
// Only called inside of its callbacks, while the headers are there.
#pragma once

#include <libwebsockets.h>

#include <cstdint>
#include <string>

#include "sim/http_api.hpp"

namespace iometer::sim {

std::string request_header(lws* wsi, lws_token_indexes token);
// Everything but the body; `path` is the URL's.
ApiRequest read_request_head(lws* wsi);
std::string request_path(lws* wsi);

// Status line and headers, complete. `close`: the connection ends afterwards.
std::string response_head(const ApiResponse& response, std::int64_t now_ms, bool close);

// Of an event stream in chunks.
std::string stream_head(std::int64_t now_ms);

// Ends a connection with the next turn of the loop, without a word: a reset, so that nothing which
// is still in the socket's buffer arrives.
void drop_connection(lws* wsi);

// Sends bytes as they are; false where the connection is gone.
bool write_raw(lws* wsi, const std::string& bytes, lws_write_protocol kind);

}  // namespace iometer::sim
