import { createHash, timingSafeEqual } from "node:crypto";

// The API says nothing about its clock window; five minutes are usual.
const WINDOW_MS = 5 * 60 * 1000;
const TOKEN =
  /^UsernameToken Username="([^"]*)", PasswordDigest="([^"]*)", Nonce="([0-9a-f]{32})", Created="(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"$/;

function same(one, other) {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

// Verifies Authorization values, from a header or from an init payload: Basic and WSSE.
export class SignIn {
  accepted = {}; // by scheme
  refused = {}; // by partner id
  #partners = new Map();
  #nonces = new Set();

  setPartner(id, secret) {
    this.#partners.set(id, secret);
  }

  verify(authorization) {
    const [scheme, id, good] = this.#judge(String(authorization));
    const counts = good ? this.accepted : this.refused;
    const name = good ? scheme : id;
    counts[name] = (counts[name] ?? 0) + 1;
    return good;
  }

  // A connection: what its init payload holds must be right, and something must be right, there or in the header.
  verifyInit(payload, headerWasRight) {
    const authorization = payload?.Authorization;
    return authorization ? this.verify(authorization) : headerWasRight;
  }

  #judge(authorization) {
    if (authorization.startsWith("Basic ")) {
      const plain = Buffer.from(authorization.slice(6), "base64").toString();
      const id = plain.split(":", 1)[0];
      return ["basic", id, this.#partners.has(id) && same(plain.slice(id.length + 1), this.#partners.get(id))];
    }
    const parts = TOKEN.exec(authorization);
    return parts ? ["wsse", parts[1], this.#wsse(...parts.slice(1))] : ["none", "", false];
  }

  #wsse(id, digest, nonce, created) {
    const secret = this.#partners.get(id);
    if (secret === undefined || this.#nonces.has(nonce)) return false;
    if (!(Math.abs(Date.now() - Date.parse(created)) <= WINDOW_MS)) return false;
    const hex = createHash("sha256").update(nonce + created + secret).digest("hex");
    if (!same(Buffer.from(hex).toString("base64"), digest)) return false;
    this.#nonces.add(nonce);
    return true;
  }
}
