// How a request has to look so that this server takes it, where the documentation leaves names out:
// paging, the format of OBIS codes, and disableInstallation. Read from a schema by the names that
// such things customarily have. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "partner/api_schema.hpp"
#include "partner/code_form.hpp"
#include "partner/failure.hpp"
#include "partner/queries.hpp"

namespace iometer::partner {

// How `installations` is asked for page by page.
struct Paging {
  std::string argument;       // of the input object; empty: the two are the field's own arguments
  std::string limit;          // how many a page has
  std::string position;       // where it begins
  bool counts_pages = false;  // `position` counts pages, not installations
  bool first_is_one = false;  // and its first page is known to be 1

  // "(pagination: {limit: 100, offset: 200})"
  [[nodiscard]] std::string arguments(std::size_t page_size, std::size_t at) const;
  bool operator==(const Paging&) const = default;
};

// Nothing where the schema shows no names that we know: the list is asked for whole.
std::optional<Paging> paging_of(const ApiSchema& schema);

// What the documentation's blank Pagination may be, the most probable first. A wrong one fails the
// server's validation.
std::vector<Paging> probable_pagings();

// The argument of MeterReadingValue.obisCode and its word for the hexadecimal form, which alone
// keeps group F.
std::optional<CodeForm> hexadecimal_format_of(const ApiSchema& schema);

// How disableInstallation is called.
struct DisableShape {
  std::string argument;
  std::string inner;  // the input object's field that takes the id; empty: the argument does
  std::string type = "Uuid!";  // of the id
  bool selection = false;      // it returns an object

  // The mutation, with $id.
  [[nodiscard]] std::string document() const;
  bool operator==(const DisableShape&) const = default;
};

inline constexpr std::string_view kDisableInstallation = "disableInstallation";

// The most probable first. More than one only where the schema leaves it open: a wrong one fails
// the server's validation, which comes before anything is done. None: the API has no such mutation,
// or one that we cannot call.
std::vector<DisableShape> disable_shapes(const ApiSchema& schema);

// Its answer names the arguments that must be given, and it can never be executed, because it has
// one that does not exist.
extern const Query kDisableProbe;

// The mutation as that answer describes it; nothing where there is none. What it does not tell
// stays empty.
std::optional<ApiField> read_disable_probe(std::span<const GraphqlError> errors);

}  // namespace iometer::partner
