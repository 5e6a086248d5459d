"use strict";
// A part of TeX as MathML, which browsers draw by themselves. What it does not know stays as it was
// written: `mathematics(text)` gives text and <math> nodes in order, and never fails.
const mathematics = (() => {
  const NAMESPACE = "http://www.w3.org/1998/Math/MathML";
  const LONGEST = 2000, DEEPEST = 40;
  const FORMULA = /\$\$([^$]+)\$\$|\\\[([\s\S]+?)\\\]|\\\(([\s\S]+?)\\\)|(?<![\\$\w])\$(?![\s$])((?:[^$\\\n]|\\.)+?)(?<!\s)\$(?![\d$])/g;
  const BOX = /\\boxed\s*\{/g;
  const TOKEN = /\\[a-zA-Z]+\*?|\\[\s\S]|\d+(?:\.\d+)?|\s+|[\s\S]/gu;

  const letters = (text) => Object.fromEntries(text.split(" ").map((pair) => pair.split("=")));
  const IDENTIFIERS = letters("alpha=α beta=β gamma=γ delta=δ epsilon=ϵ varepsilon=ε zeta=ζ eta=η theta=θ vartheta=ϑ iota=ι kappa=κ lambda=λ mu=μ nu=ν xi=ξ pi=π rho=ρ sigma=σ tau=τ upsilon=υ phi=ϕ varphi=φ chi=χ psi=ψ omega=ω Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Phi=Φ Psi=Ψ Omega=Ω infty=∞ ell=ℓ hbar=ℏ emptyset=∅ varnothing=∅ partial=∂ nabla=∇ Re=ℜ Im=ℑ aleph=ℵ");
  const OPERATORS = letters("cdot=⋅ times=× div=÷ pm=± mp=∓ le=≤ leq=≤ leqslant=≤ ge=≥ geq=≥ geqslant=≥ ne=≠ neq=≠ equiv=≡ approx=≈ sim=∼ simeq=≃ cong=≅ propto=∝ to=→ rightarrow=→ leftarrow=← Rightarrow=⇒ implies=⟹ iff=⟺ Leftrightarrow=⇔ leftrightarrow=↔ mapsto=↦ in=∈ notin=∉ ni=∋ subset=⊂ subseteq=⊆ supset=⊃ supseteq=⊇ cup=∪ cap=∩ setminus=∖ mid=∣ parallel=∥ perp=⊥ angle=∠ triangle=△ circ=∘ bullet=∙ star=⋆ ast=∗ oplus=⊕ otimes=⊗ wedge=∧ vee=∨ neg=¬ forall=∀ exists=∃ dots=… ldots=… cdots=⋯ vdots=⋮ ddots=⋱ prime=′ lfloor=⌊ rfloor=⌋ lceil=⌈ rceil=⌉ langle=⟨ rangle=⟩ lbrace={ rbrace=} vert=| Vert=∥ lvert=| rvert=| therefore=∴ because=∵ ll=≪ gg=≫ degree=° backslash=\\ colon=: checkmark=✓ square=□");
  const BIG = letters("sum=∑ prod=∏ int=∫ iint=∬ oint=∮ bigcup=⋃ bigcap=⋂ coprod=∐");
  const LIMITS = new Set("sum prod bigcup bigcap coprod lim max min sup inf gcd limsup liminf det".split(" "));
  const FUNCTIONS = new Set("sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp lim max min sup inf gcd det dim ker deg arg mod lcm limsup liminf Pr".split(" "));
  const ACCENTS = letters("hat=^ widehat=^ bar=¯ overline=¯ vec=→ overrightarrow=→ dot=˙ ddot=¨ tilde=~ widetilde=~ overarc=⌒");
  const UPRIGHT = new Set("text textbf textit textrm mathrm mathbf mathit mathsf mathtt operatorname mbox mathbb mathcal boldsymbol bm textsf texttt".split(" "));
  const SPACES = { ",": "0.17em", ":": "0.22em", ";": "0.28em", " ": "0.28em", "!": "0", quad: "1em", qquad: "2em" };
  const IGNORED = new Set("displaystyle textstyle limits nolimits left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr rm bf it hfill allowbreak nonumber".split(" "));
  const FENCES = { matrix: ["", ""], smallmatrix: ["", ""], pmatrix: ["(", ")"], bmatrix: ["[", "]"], Bmatrix: ["{", "}"], vmatrix: ["|", "|"], Vmatrix: ["∥", "∥"], cases: ["{", ""], aligned: ["", ""], align: ["", ""], gathered: ["", ""], array: ["", ""], split: ["", ""] };

  function node(tag, attributes, ...children) {
    const made = document.createElementNS(NAMESPACE, tag);
    for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }
  const operator = (text, attributes) => node("mo", attributes, text);
  class Unknown extends Error {}

  class Reader {
    constructor(text) {
      this.tokens = text.match(TOKEN) || [];
      this.at = 0;
      this.depth = 0;
    }
    get next() { return this.tokens[this.at]; }
    skip() { while (this.next !== undefined && /^\s+$/.test(this.next)) this.at++; }
    take(wanted) {
      this.skip();
      if (this.next === undefined || (wanted && this.next !== wanted)) throw new Unknown();
      return this.tokens[this.at++];
    }
    // The source between braces, for text and names of environments.
    raw() {
      this.take("{");
      let depth = 1, text = "";
      for (;;) {
        const token = this.tokens[this.at++];
        if (token === undefined) throw new Unknown();
        depth += (token === "{") - (token === "}");
        if (!depth) return text;
        text += token.length === 2 && token[0] === "\\" ? token[1] : token;
      }
    }
    row(...ends) {
      if (++this.depth > DEEPEST) throw new Unknown();
      const made = node("mrow");
      for (this.skip(); this.next !== undefined && !ends.includes(this.next); this.skip()) made.append(this.scripted());
      if (ends.length && this.next === undefined) throw new Unknown();
      this.depth--;
      return made.childNodes.length === 1 ? made.firstChild : made;
    }
    argument() {
      this.skip();
      if (this.next !== "{") {
        // A digit by itself: \frac12 is one half.
        if (/^\d\d/.test(this.next || "")) {
          const digits = this.tokens[this.at];
          this.tokens.splice(this.at, 1, digits[0], digits.slice(1));
        }
        return this.atom();
      }
      this.take("{");
      const inside = this.row("}");
      this.take("}");
      return inside;
    }
    scripted() {
      const name = (this.next || "").slice(1), base = this.atom();
      let below = null, above = null;
      for (this.skip(); ["^", "_", "'", "\\limits", "\\nolimits"].includes(this.next); this.skip()) {
        const mark = this.take();
        if (mark === "'") above = above ? node("mrow", {}, above, operator("′")) : operator("′");
        else if (mark === "^" && (!above || above.textContent === "′")) above = above ? node("mrow", {}, above, this.argument()) : this.argument();
        else if (mark === "_" && !below) below = this.argument();
        else if (mark[0] !== "\\") throw new Unknown();
      }
      const tags = LIMITS.has(name) ? ["munder", "mover", "munderover"] : ["msub", "msup", "msubsup"];
      if (below && above) return node(tags[2], {}, base, below, above);
      if (below) return node(tags[0], {}, base, below);
      return above ? node(tags[1], {}, base, above) : base;
    }
    atom() {
      const token = this.take();
      if (token === "{") {
        const inside = this.row("}");
        this.take("}");
        return inside;
      }
      if (token[0] === "\\") return this.command(token.slice(1));
      if (/^\d/.test(token)) return node("mn", {}, token);
      if (/^\p{L}$/u.test(token)) return node("mi", {}, token);
      if (token === "~") return node("mspace", { width: "0.3em" });
      if ("^_}&#$%".includes(token)) throw new Unknown();
      return operator(token === "-" ? "−" : token, "()[]|".includes(token) ? { stretchy: "false" } : {});
    }
    command(name) {
      if (name in IDENTIFIERS) return node("mi", {}, IDENTIFIERS[name]);
      if (name in OPERATORS) return operator(OPERATORS[name], { stretchy: "false" });
      if (name in BIG) return operator(BIG[name]);
      if (FUNCTIONS.has(name)) return node("mi", {}, name);
      if (name in SPACES) return node("mspace", { width: SPACES[name] });
      if (name in ACCENTS) return node("mover", { accent: "true" }, this.argument(), operator(ACCENTS[name]));
      if (name === "underline") return node("munder", {}, this.argument(), operator("_"));
      if (UPRIGHT.has(name) || UPRIGHT.has(name.replace("*", ""))) return node("mtext", {}, this.raw());
      if (/^[dtc]?frac$/.test(name)) return node("mfrac", {}, this.argument(), this.argument());
      if (/^[dt]?binom$/.test(name)) return node("mrow", {}, operator("("), node("mfrac", { linethickness: "0" }, this.argument(), this.argument()), operator(")"));
      if (name === "sqrt") return this.root();
      if (/^f?boxed$/.test(name)) return node("mrow", { class: "boxed" }, this.argument());
      if (name === "left") return this.fenced();
      if (name === "begin") return this.environment();
      if (name === "pmod") return node("mrow", {}, operator("("), node("mi", {}, "mod"), node("mspace", { width: "0.3em" }), this.argument(), operator(")"));
      if (name === "bmod") return operator("mod");
      if (name === "not") return node("mrow", {}, operator("¬"), this.atom());
      if (name !== "right" && IGNORED.has(name)) return node("mrow");
      if (name === "|") return operator("∥");
      if ("{}$%&#_".includes(name)) return operator(name, { stretchy: "false" });
      throw new Unknown();
    }
    root() {
      this.skip();
      if (this.next !== "[") return node("msqrt", {}, this.argument());
      this.take("[");
      const degree = this.row("]");
      this.take("]");
      return node("mroot", {}, this.argument(), degree);
    }
    fence() {
      const token = this.take();
      if (token === ".") return "";
      const name = token.slice(1);
      return token[0] !== "\\" ? token : name in OPERATORS ? OPERATORS[name] : name === "|" ? "∥" : name;
    }
    fenced() {
      const first = this.fence(), inside = this.row("\\right");
      this.take("\\right");
      return node("mrow", {}, operator(first), inside, operator(this.fence()));
    }
    environment() {
      const name = this.raw(), [first, last] = FENCES[name.replace("*", "")] || [];
      if (first === undefined) throw new Unknown();
      if (name === "array") this.raw();
      const table = node("mtable", ["cases", "aligned", "align", "split"].includes(name.replace("*", "")) ? { columnalign: "left" } : {});
      for (let end = ""; end !== "\\end"; ) {
        const row = node("mtr");
        do {
          row.append(node("mtd", {}, this.row("&", "\\\\", "\\end")));
          end = this.take();
        } while (end === "&");
        if (row.textContent) table.append(row);
      }
      if (this.raw() !== name) throw new Unknown();
      return node("mrow", {}, operator(first), table, operator(last));
    }
  }

  function formula(source, display) {
    if (source.length > LONGEST) return null;
    try {
      const reader = new Reader(source), inside = reader.row();
      return node("math", display ? { display: "block", alttext: source } : { alttext: source }, inside);
    } catch (fault) {
      if (fault instanceof Unknown) return null;
      throw fault;
    }
  }

  // Where the brace that opens just before `from` is closed.
  function closing(text, from) {
    let depth = 1;
    for (let at = from; at < Math.min(text.length, from + LONGEST); at++) {
      if (text[at] === "\\") at++;
      else depth += (text[at] === "{") - (text[at] === "}");
      if (!depth) return at;
    }
    return -1;
  }

  function boxes(text) {
    const parts = [];
    let at = 0;
    for (const match of text.matchAll(BOX)) {
      if (match.index < at) continue;
      const end = closing(text, match.index + match[0].length);
      const made = end < 0 ? null : formula(text.slice(match.index, end + 1), false);
      if (made) {
        parts.push(text.slice(at, match.index), made);
        at = end + 1;
      }
    }
    return [...parts, text.slice(at)];
  }

  // With `whole`, an answer that holds TeX without delimiters is one formula.
  return (text, whole = false) => {
    const answer = whole && /[\\^_]/.test(text) && !text.includes("$") ? formula(text, false) : null;
    if (answer) return [answer];
    const parts = [];
    let at = 0;
    for (const match of text.matchAll(FORMULA)) {
      const [whole, display, brackets, round, dollar] = match;
      const made = formula(display ?? brackets ?? round ?? dollar, display !== undefined || brackets !== undefined);
      if (!made) continue;
      parts.push(...boxes(text.slice(at, match.index)), made);
      at = match.index + whole.length;
    }
    return [...parts, ...boxes(text.slice(at))].filter((part) => part !== "");
  };
})();
