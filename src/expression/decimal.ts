/**
 * Exact decimals, as PostgreSQL's numeric computes them: a coefficient and the
 * number of its digits behind the point. The scale is kept as numeric keeps it,
 * because the scale of a quotient depends on it.
 */
export interface Decimal {
  readonly coefficient: bigint;
  readonly scale: number;
}

export const decimal = (coefficient: bigint, scale = 0): Decimal => ({ coefficient, scale });

/** Reads `-1.50`; undefined where the text is no decimal. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = ""] = match;
  return decimal(BigInt(sign + whole + fraction), fraction.length);
}

/** Writes a decimal as PostgreSQL does: `-1.50`. */
export function formatDecimal({ coefficient, scale }: Decimal): string {
  const digits = (coefficient < 0n ? -coefficient : coefficient).toString().padStart(scale + 1, "0");
  const sign = coefficient < 0n ? "-" : "";
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

export const isDecimal = (value: unknown): value is Decimal =>
  typeof value === "object" &&
  value !== null &&
  "coefficient" in value &&
  "scale" in value &&
  typeof value.coefficient === "bigint" &&
  typeof value.scale === "number";

const power = (exponent: number): bigint => 10n ** BigInt(exponent);

function align(a: Decimal, b: Decimal): { a: bigint; b: bigint; scale: number } {
  const scale = Math.max(a.scale, b.scale);
  return { a: a.coefficient * power(scale - a.scale), b: b.coefficient * power(scale - b.scale), scale };
}

export function compareDecimals(left: Decimal, right: Decimal): number {
  const { a, b } = align(left, right);
  return a < b ? -1 : a > b ? 1 : 0;
}

export function addDecimals(left: Decimal, right: Decimal): Decimal {
  const { a, b, scale } = align(left, right);
  return decimal(a + b, scale);
}

export const negateDecimal = (value: Decimal): Decimal => decimal(-value.coefficient, value.scale);

export const multiplyDecimals = (a: Decimal, b: Decimal): Decimal =>
  decimal(a.coefficient * b.coefficient, a.scale + b.scale);

/** The remainder has the sign of the dividend; undefined for a divisor of zero. */
export function remainderOfDecimals(left: Decimal, right: Decimal): Decimal | undefined {
  const { a, b, scale } = align(left, right);
  return b === 0n ? undefined : decimal(a % b, scale);
}

/** Rounded half away from zero at the scale that numeric would choose; undefined for a divisor of zero. */
export function divideDecimals(left: Decimal, right: Decimal): Decimal | undefined {
  if (right.coefficient === 0n) return undefined;
  const scale = quotientScale(left, right);
  const shift = scale + right.scale - left.scale;
  const numerator = shift >= 0 ? left.coefficient * power(shift) : left.coefficient;
  const denominator = shift >= 0 ? right.coefficient : right.coefficient * power(-shift);
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const rounded = (2n * n + d) / (2n * d);
  return decimal(negative ? -rounded : rounded, scale);
}

/** numeric.c, select_div_scale(): at least 16 significant digits, counted in groups of four. */
function quotientScale(left: Decimal, right: Decimal): number {
  const a = leadingGroup(left);
  const b = leadingGroup(right);
  const weight = a.weight - b.weight - (a.group <= b.group ? 1 : 0);
  return Math.min(1000, Math.max(16 - weight * 4, left.scale, right.scale, 0));
}

/** The first non-zero digit in base 10,000 and its exponent. */
function leadingGroup({ coefficient, scale }: Decimal): { weight: number; group: number } {
  if (coefficient === 0n) return { weight: 0, group: 0 };
  const digits = (coefficient < 0n ? -coefficient : coefficient).toString();
  const exponent = digits.length - 1 - scale;
  const weight = Math.floor(exponent / 4);
  const length = exponent - weight * 4 + 1;
  return { weight, group: Number(digits.slice(0, length).padEnd(length, "0")) };
}
