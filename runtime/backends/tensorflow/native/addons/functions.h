// Functions of one number and of a row of numbers, in loops that compilers vectorise.

#ifndef MEDCTC_KERNELS_FUNCTIONS_H_
#define MEDCTC_KERNELS_FUNCTIONS_H_

#include <math.h>
#include <stdint.h>
#include <string.h>

// In a namespace without a name, since each instruction set has its own of them.
namespace medctc {
namespace {

#define MEDCTC_EACH(n) \
  _Pragma("GCC ivdep") for (int64_t i = 0; i < (n); i++)

inline float AsFloat(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

inline uint32_t AsBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float Widened(uint16_t bits) { return AsFloat(static_cast<uint32_t>(bits) << 16); }

// To the nearest, and of two to the even one; what is not a number stays so.
inline uint32_t Narrowed(float value) {
  const uint32_t bits = AsBits(value);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return value != value ? 0x7fc0u : rounded;
}

// e^x within two units in the last place: x = n ln 2 + r, and a polynomial in r (Cephes, expf). What is not a number passes all
// comparisons here unchanged. The power of two is applied in two steps, so that results below the smallest normal number come out.
inline float Exp(float given) {
  float x = given > 89.0f ? 89.0f : given;
  x = x < -104.0f ? -104.0f : x;
  const float shifted = x * 1.44269504088896341f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const int32_t power = static_cast<int32_t>(AsBits(shifted) - 0x4b400000u);
  const int32_t half = power >> 1;
  const float first = AsFloat(static_cast<uint32_t>(half + 127) << 23);
  const float second = AsFloat(static_cast<uint32_t>(power - half + 127) << 23);
  return p * first * second;
}

// A quotient of polynomials in x^2, as Eigen has it (MathFunctionsImpl.h), within 3e-7 of erf.
inline float Erf(float given) {
  float x = given > 4.0f ? 4.0f : given;
  x = x < -4.0f ? -4.0f : x;
  const float s = x * x;
  float p = -2.72614225801306e-10f;
  p = p * s + 2.77068142495902e-08f;
  p = p * s + -2.10102402082508e-06f;
  p = p * s + -5.69250639462346e-05f;
  p = p * s + -7.34990630326855e-04f;
  p = p * s + -2.95459980854025e-03f;
  p = p * s + -1.60960333262415e-02f;
  float q = -1.45660718464996e-05f;
  q = q * s + -2.13374055278905e-04f;
  q = q * s + -1.68282697438203e-03f;
  q = q * s + -7.37332916720468e-03f;
  q = q * s + -1.42647390514189e-02f;
  return x * p / q;
}

// The same for tanh.
inline float Tanh(float given) {
  float x = given > 7.90531110763549805f ? 7.90531110763549805f : given;
  x = x < -7.90531110763549805f ? -7.90531110763549805f : x;
  const float s = x * x;
  float p = -2.76076847742355e-16f;
  p = p * s + 2.00018790482477e-13f;
  p = p * s + -8.60467152213735e-11f;
  p = p * s + 5.12229709037114e-08f;
  p = p * s + 1.48572235717979e-05f;
  p = p * s + 6.37261928875436e-04f;
  p = p * s + 4.89352455891786e-03f;
  float q = 1.19825839466702e-06f;
  q = q * s + 1.18534705686654e-04f;
  q = q * s + 2.26843463243900e-03f;
  q = q * s + 4.89352518554385e-03f;
  const float whole = x * p / q;
  return fabsf(given) < 0.0004f ? given : whole;
}

// Sums and maxima keep that many apart, which also makes a sum's error smaller.
constexpr int64_t kLanes = 32;

#define MEDCTC_LANES \
  _Pragma("GCC ivdep") for (int64_t j = 0; j < kLanes; j++)

inline float SumOf(const float* a, int64_t n) {
  float lanes[kLanes] = {};
  const int64_t whole = n / kLanes * kLanes;
  for (int64_t i = 0; i < whole; i += kLanes)
    MEDCTC_LANES lanes[j] += a[i + j];
  for (int64_t j = 0; j < n - whole; j++) lanes[j] += a[whole + j];
  for (int64_t step = kLanes / 2; step > 0; step /= 2)
    for (int64_t j = 0; j < step; j++) lanes[j] += lanes[j + step];
  return lanes[0];
}

// What is not a number is larger and smaller than all others.
inline float Larger(float a, float b) {
  const float larger = a > b ? a : b;
  return a != a ? a : larger;
}
inline float Smaller(float a, float b) {
  const float smaller = a < b ? a : b;
  return a != a ? a : smaller;
}

inline float MaxOf(const float* a, int64_t n) {
  float lanes[kLanes];
  for (int64_t j = 0; j < kLanes; j++) lanes[j] = -INFINITY;
  const int64_t whole = n / kLanes * kLanes;
  for (int64_t i = 0; i < whole; i += kLanes)
    MEDCTC_LANES lanes[j] = Larger(a[i + j], lanes[j]);
  for (int64_t j = 0; j < n - whole; j++) lanes[j] = Larger(a[whole + j], lanes[j]);
  float largest = lanes[0];
  for (int64_t j = 1; j < kLanes; j++) largest = Larger(largest, lanes[j]);
  return largest;
}

inline void SoftmaxOf(float* d, const float* a, int64_t n) {
  const float largest = MaxOf(a, n);
  MEDCTC_EACH(n) d[i] = Exp(a[i] - largest);
  const float scale = 1.0f / SumOf(d, n);
  MEDCTC_EACH(n) d[i] = d[i] * scale;
}

}  // namespace
}  // namespace medctc

#endif  // MEDCTC_KERNELS_FUNCTIONS_H_
