/** An address without the province, city and county that everybody who reads it is in: for lists that are narrow. */
export function shortAddress(text: string): string {
  const short = text.replace(/^.{2,7}?(?:省|自治区).{2,7}?(?:市|州|盟)(?:.{1,6}?[区县旗市])?/, '');
  return short || text;
}
