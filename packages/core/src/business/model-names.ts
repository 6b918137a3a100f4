/** A model as a document names it. */
export interface ModelName {
  /** As it is written. */
  readonly text: string;
  /** Lower case, parts joined by hyphens: what is compared. */
  readonly key: string;
  /** 1-based. */
  readonly line: number;
}

const tail = String.raw`(?:[- ](?:mini|nano|micro|small|medium|large|pro|max|plus|lite|flash|turbo|ultra|preview|thinking|instruct|vision|image|realtime|audio|latest|exp|high|low|\d{1,8}[bk]?)(?![\w.])){0,5}`;
const families = [
  String.raw`gpt-?\d(?:\.\d{1,2})?o?`,
  String.raw`o[1-9]-(?:mini|preview|pro)`,
  String.raw`claude[- ](?:(?:opus|sonnet|haiku|instant)(?:[- ]\d(?:[.-]\d{1,2})?)?|\d(?:[.-]\d{1,2})?(?:[- ](?:opus|sonnet|haiku))?)`,
  String.raw`gemini[- ]\d(?:\.\d{1,2})?`,
  String.raw`llama[- ]?\d(?:\.\d{1,2})?`,
  String.raw`(?:mistral|ministral)[- ](?:tiny|small|medium|large|nemo|\d{1,2}b)`,
  String.raw`mixtral[- ]\dx\d{1,3}b`,
  String.raw`deepseek[- ](?:v\d(?:\.\d)?|r\d|chat|coder|reasoner)`,
  String.raw`qwen[- ]?\d(?:\.\d)?`,
  String.raw`grok[- ]\d`,
  String.raw`dall[-·]e[- ]?\d`,
  String.raw`(?:imagen|veo|sora|whisper|flux)[- ]\d(?:\.\d)?`,
  String.raw`text-embedding-(?:ada-\d{3}|\d-(?:small|large))`,
];
const model = new RegExp(String.raw`(?<![\w/.-])(?:${families.join('|')})${tail}(?!\w)`, 'gi');
const maxLine = 5000;

/** Names of AI models with a version, fenced code included: prompts and skills name them there. Linear in the text. */
export function modelNames(text: string): readonly ModelName[] {
  return text.split(/\r?\n/).flatMap((line, index) =>
    [...line.slice(0, maxLine).matchAll(model)].map(([name]) => ({
      text: name,
      key: name.toLowerCase().replaceAll(/[ ·]/g, '-'),
      line: index + 1,
    })),
  );
}

/** A less specific name, or a dated build of a known model, is no other model. */
export function isSameModel(named: string, known: string): boolean {
  const plain = (key: string) => key.replaceAll('.', '-').replace(/^(gpt|llama|qwen)(?=\d)/, '$1-');
  const [a, b] = [plain(named), plain(known)];
  return (
    a === b ||
    b.startsWith(`${a}-`) ||
    (a.startsWith(`${b}-`) && /^-\d{4,8}(?:-\d{2}){0,2}$|^-(?:latest|preview)$/.test(a.slice(b.length)))
  );
}
