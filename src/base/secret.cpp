#include "base/secret.hpp"

#include <openssl/crypto.h>

namespace iometer::base {

Secret::~Secret() {
  // A moved-from or shortened string keeps its old bytes behind its end.
  text_.resize(text_.capacity());
  OPENSSL_cleanse(text_.data(), text_.size());
}

}  // namespace iometer::base
