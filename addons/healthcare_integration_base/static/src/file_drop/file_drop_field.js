import { useRef } from "@odoo/owl";
import { useDropzone } from "@web/core/dropzone/dropzone_hook";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { checkFileSize } from "@web/core/utils/files";
import { getDataURLFromFile } from "@web/core/utils/urls";
import { BinaryField, binaryField } from "@web/views/fields/binary/binary_field";

/** A binary field that a file can be dragged onto, and whose button the keyboard reaches. */
export class FileDropField extends BinaryField {
    static template = "healthcare_integration_base.FileDropField";

    setup() {
        super.setup();
        this.target = useRef("target");
        useDropzone(this.target, (event) => this.onDrop(event), "o_integration_file_drop", () => !this.props.readonly);
    }

    /** Take the file that was dropped; several are refused, as one upload is one document. */
    async onDrop(event) {
        const [file, ...others] = event.dataTransfer.files;
        if (others.length) {
            this.notification.add(_t("One upload is one document: drop one file."), { type: "warning" });
        } else if (file && checkFileSize(file.size, this.notification)) {
            const url = await getDataURLFromFile(file);
            await this.update({ data: url.split(",")[1], name: file.name });
        }
    }
}

registry.category("fields").add("integration_file_drop", { ...binaryField, component: FileDropField });
