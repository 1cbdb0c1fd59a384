// BLAKE2b-256 (RFC 7693), keyed or not, of many messages at once, one in each lane of the processor's vectors.
#ifndef LIFEBOAT_BLAKE2_H
#define LIFEBOAT_BLAKE2_H

#include <stddef.h>
#include <stdint.h>

// How many messages this processor hashes side by side: 8 with AVX-512, 4 with AVX2, 1 if it has neither.
int blake2_lanes(void);

// Writes 32 bytes for each message to `digests`. `key` has 32 bytes, or is null for
// none. `lanes` is 8 or 4, at most `blake2_lanes()`.
void blake2_many(
    int lanes, const uint8_t *const *messages, const size_t *lengths, size_t count, const uint8_t *key,
    uint8_t *digests);

#endif
