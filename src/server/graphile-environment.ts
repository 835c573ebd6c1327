/**
 * Imported before anything of PostGraphile: it looks at this variable once, while
 * it loads, and complains on the console where it is not set. Its own development
 * mode is for those who write plugins.
 */
process.env.GRAPHILE_ENV ??= "production";
