// A tiny TypeScript lexer: blanks out comments and the insides of literals, so that a rule sees only code.

export interface MaskedSource {
  /** As long as the source and with the same line breaks; comments and the insides of strings, templates and regexes are spaces. */
  code: string;
  comments: string[];
}

const lineComment = /\/\/[^\n]*/y;
const blockComment = /\/\*[\s\S]*?\*\//y;
const quoted = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const templateChunk = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;
const regexLiteral = /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const word = /[\w$]+/y;

/** A `/` after one of these begins a regex; after any other word or a closing bracket it divides. */
const beforeRegex = /^(?:return|typeof|case|in|of|do|else|void|await|yield|throw|new|delete|[^\w$)\]}])$|^$/;

/** Never throws: text that is no TypeScript comes back masked as well as it can be. */
export function maskSource(text: string): MaskedSource {
  const comments: string[] = [];
  const parts: string[] = [];
  /** One entry per open template; how many braces are open inside its current `${…}`. */
  const templates: number[] = [];
  let at = 0;
  let last = '';

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const keep = (token: string): void => {
    parts.push(token);
    last = token;
  };
  const keepEnds = (token: string): void => {
    keep(token.length < 2 ? token : token.charAt(0) + blank(token.slice(1, -1)) + token.charAt(token.length - 1));
    last = 'literal';
  };
  const template = (): void => {
    parts.push(blank(take(templateChunk) ?? ''));
    if (text.startsWith('${', at)) templates.push(0);
    const end = text.startsWith('${', at) ? '${' : text.charAt(at);
    at += end.length;
    parts.push(end);
    last = end === '${' ? '{' : 'literal';
  };

  while (at < text.length) {
    const comment = take(lineComment) ?? take(blockComment);
    if (comment !== undefined) {
      comments.push(comment);
      parts.push(blank(comment));
      continue;
    }
    const literal = take(quoted) ?? (beforeRegex.test(last) ? take(regexLiteral) : undefined);
    if (literal !== undefined) {
      keepEnds(literal);
      continue;
    }
    const name = take(word);
    if (name !== undefined) {
      keep(name);
      continue;
    }
    const char = text.charAt(at++);
    if (/\s/.test(char)) parts.push(char);
    else keep(char);
    const open = templates.length - 1;
    if (char === '`') template();
    else if (char === '{' && open >= 0) templates[open] = (templates[open] ?? 0) + 1;
    else if (char === '}' && open >= 0) {
      if (templates[open] === 0) {
        templates.pop();
        template();
      } else templates[open] = (templates[open] ?? 1) - 1;
    }
  }
  return { code: parts.join(''), comments };
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
