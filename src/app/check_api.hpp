// The steps of `check` about the Partner API: from the server's name to the PIN of the meter.
#pragma once

#include "app/config.hpp"
#include "app/diagnosis.hpp"

namespace iometer::app {

// `offers`: prints what the API offers and what differs from its documentation, too.
void check_api(const Config::PartnerApi& config, bool offers, Diagnosis& diagnosis);

}  // namespace iometer::app
