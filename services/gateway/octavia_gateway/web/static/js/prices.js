// Prices, read from the list that billing publishes.

/** What work on so many seconds costs, as the server computes it (octavia_common.pricing). */
export function priceOf(prices, seconds, languages, kind = "video_translate") {
  const { tiers, percent } = prices.kinds[kind];
  const tier = tiers.find((one) => one.limit_seconds === null || seconds < one.limit_seconds || (one.inclusive && seconds === one.limit_seconds));
  return Math.ceil((tier.credits * (percent ?? 100)) / 100) * languages;
}
