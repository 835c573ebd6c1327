import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTransport } from "nodemailer";

export interface Mail {
  /** The same mail has the same id, however often it is sent. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/**
 * Sends by SMTP when SMTP_URL is set, otherwise writes one `.eml` file per mail into MAIL_FOLDER (default: `.enginejs/mail`).
 * Returns the message id.
 */
export async function sendMail(mail: Mail): Promise<string> {
  const messageId = `<${mail.id.replace(/[^A-Za-z0-9._-]/g, "-")}@invoicing.example>`;
  const message = {
    messageId,
    from: "invoices@invoicing.example",
    to: mail.to,
    subject: mail.subject,
    text: mail.text,
  };
  if (process.env.SMTP_URL) {
    await createTransport(process.env.SMTP_URL).sendMail(message);
    return messageId;
  }
  const { message: content } = await createTransport({ streamTransport: true, buffer: true }).sendMail(message);
  const folder = process.env.MAIL_FOLDER ?? join(import.meta.dirname, "..", ".enginejs", "mail");
  const file = join(folder, `${messageId.slice(1, -1)}.eml`);
  await mkdir(folder, { recursive: true });
  // Written beside it and renamed: a reader never sees half a mail, and a second attempt replaces the first.
  await writeFile(`${file}.part`, content as Buffer);
  await rename(`${file}.part`, file);
  return messageId;
}
