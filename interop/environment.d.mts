/** Tokenizers that npm packages ship, with their versions. */
export declare const tokenizers: Readonly<Record<string, string>>;
/** The Python with everything in requirements.txt. */
export declare function interopPython(): string;
/** The Python with everything in `name`-requirements.txt. */
export declare function pythonWith(name: string): string;
/** The folder of a tokenizer's model, as a download from the Hub looks. */
export declare function tokenizerFolder(name: string): string;
