const mask = '***';

/**
 * A text with the credentials of each URL in it masked: the password, a user without one (some servers take a token there), and
 * parameters that are named like a secret. For everything that is printed, logged or put into an error.
 */
export function hideCredentials(text: string): string {
  return (
    text
      // Up to the last @, also where somebody forgot to write / as %2F; a number that ends like a port is one.
      .replace(/(:\/\/[^\s/?#:@]{0,256}:)(?!\d{1,5}(?:[/?#\s]|$))\S{1,1024}@/gu, `$1${mask}@`)
      .replace(/(:\/\/)[^\s/?#:@]{1,1024}@/gu, `$1${mask}@`)
      .replace(/([?&](?:password|passwd|sslpassword|token|secret|auth|key)=)[^\s&#]{1,1024}/giu, `$1${mask}`)
  );
}

/** What was said where the address of a server is expected, for people: also without its scheme nothing before the last @ is shown. */
export function hideAddress(text: string): string {
  return text.includes('://') ? hideCredentials(text) : text.replace(/^.*@/su, `${mask}@`);
}
