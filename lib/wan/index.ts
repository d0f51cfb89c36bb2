export * from "./quorum";
export * from "./regions";
export * from "./round-trip-times";
export * from "./tuning";
