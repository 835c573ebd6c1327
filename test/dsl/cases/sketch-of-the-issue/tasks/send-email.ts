/** A plain graphile-worker task file. */
export default async function sendEmail(_payload: unknown) {}
