// One message a lane. Included once for each width, with LANES, NAME(x), TARGET and LOAD(m, p) defined.

typedef uint64_t NAME(vector) __attribute__((vector_size(8 * LANES)));
#define V NAME(vector)

#define ROTATE(x, n) (((x) >> (n)) | ((x) << (64 - (n))))
#define MIX(a, b, c, d, x, y) \
  a += b + x; d ^= a; d = ROTATE(d, 32); c += d; b ^= c; b = ROTATE(b, 24); \
  a += b + y; d ^= a; d = ROTATE(d, 16); c += d; b ^= c; b = ROTATE(b, 63);

// One block of every lane into the chaining values. `counted` bytes were taken in, this block included; `final` is all
// ones in lanes whose last block this is.
TARGET static inline void NAME(compress)(V *h, const V *m, V counted, V final) {
  V v[16];
  for (int i = 0; i < 8; i++) {
    v[i] = h[i];
    v[i + 8] = blake2_start[i] - (V){0};
  }
  v[12] ^= counted;
  v[14] ^= final;
#pragma clang loop unroll(full)
  for (int round = 0; round < 12; round++) {
    const uint8_t *s = blake2_order[round];
    MIX(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]])
    MIX(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]])
    MIX(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]])
    MIX(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]])
    MIX(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]])
    MIX(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]])
    MIX(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]])
    MIX(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]])
  }
  for (int i = 0; i < 8; i++) h[i] ^= v[i] ^ v[i + 8];
}

// Whole blocks that are nobody's last: from every lane the same number.
TARGET static void NAME(run)(V *h, const uint8_t **next, size_t blocks, V *counted) {
  V chain[8], m[16];
  memcpy(chain, h, sizeof chain);
  for (size_t block = 0; block < blocks; block++) {
    LOAD(m, next);
    for (int lane = 0; lane < LANES; lane++) next[lane] += 128;
    *counted += 128;
    NAME(compress)(chain, m, *counted, (V){0});
  }
  memcpy(h, chain, sizeof chain);
}

TARGET static void NAME(many)(
    const uint8_t *const *messages, const size_t *lengths, size_t count, const uint8_t *key, uint8_t *digests) {
  uint8_t first[128] = {0}, none[128] = {0}, last[LANES][128];
  if (key) memcpy(first, key, 32);
  struct {
    size_t message;    // `count` for a lane that has nothing to do
    size_t left;       // bytes of the message that were not taken in
    const uint8_t *next;
  } lanes[LANES];
  V h[8], counted = {0};
  size_t begun = 0, done = 0;
  for (int lane = 0; lane < LANES; lane++) lanes[lane].message = count;
  while (done < count) {
    // A step that may begin and end messages.
    const uint8_t *next[LANES];
    V final = {0};
    for (int lane = 0; lane < LANES; lane++) {
      next[lane] = none;
      if (lanes[lane].message == count) {
        if (begun == count) continue;
        lanes[lane].message = begun;
        lanes[lane].left = lengths[begun];
        lanes[lane].next = messages[begun++];
        for (int i = 0; i < 8; i++) h[i][lane] = blake2_start[i];
        h[0][lane] ^= 0x01010000 ^ (key ? 32 << 8 : 0) ^ 32;
        counted[lane] = 0;
        if (key) {
          counted[lane] = 128;
          next[lane] = first;
          if (lanes[lane].left == 0) final[lane] = UINT64_MAX;
          continue;
        }
      }
      if (lanes[lane].left <= 128) {
        memset(last[lane], 0, 128);
        memcpy(last[lane], lanes[lane].next, lanes[lane].left);
        counted[lane] += lanes[lane].left;
        lanes[lane].left = 0;
        next[lane] = last[lane];
        final[lane] = UINT64_MAX;
      } else {
        next[lane] = lanes[lane].next;
        lanes[lane].next += 128;
        lanes[lane].left -= 128;
        counted[lane] += 128;
      }
    }
    V m[16];
    LOAD(m, next);
    NAME(compress)(h, m, counted, final);
    size_t blocks = SIZE_MAX;
    for (int lane = 0; lane < LANES; lane++) {
      if (lanes[lane].message == count) continue;
      if (final[lane]) {
        for (int i = 0; i < 4; i++) {
          uint64_t word = h[i][lane];
          memcpy(digests + 32 * lanes[lane].message + 8 * i, &word, 8);
        }
        lanes[lane].message = count;
        done++;
        if (begun < count) blocks = 0;
        continue;
      }
      size_t whole = (lanes[lane].left - 1) / 128;
      if (whole < blocks) blocks = whole;
    }
    if (blocks == 0 || blocks == SIZE_MAX) continue;
    // Idle lanes hash whatever another lane hashes, and nobody looks.
    const uint8_t *some = none;
    for (int lane = 0; lane < LANES; lane++)
      if (lanes[lane].message != count) some = lanes[lane].next;
    for (int lane = 0; lane < LANES; lane++) next[lane] = lanes[lane].message == count ? some : lanes[lane].next;
    NAME(run)(h, next, blocks, &counted);
    for (int lane = 0; lane < LANES; lane++) {
      if (lanes[lane].message == count) continue;
      lanes[lane].next += 128 * blocks;
      lanes[lane].left -= 128 * blocks;
    }
  }
}

#undef MIX
#undef ROTATE
#undef V
